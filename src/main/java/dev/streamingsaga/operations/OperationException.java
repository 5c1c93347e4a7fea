package dev.streamingsaga.operations;

/** An operation that was refused; nothing was done. */
public abstract sealed class OperationException extends RuntimeException
        permits CleanupClosedException,
                DeletedDocumentException,
                DeletionNotPossibleException,
                EncryptionOffException,
                LimitedAccessException,
                NoReceiptException,
                SearchUnavailableException,
                UnknownCleanupException,
                UnknownDocumentException,
                UnknownHoldException,
                UnknownSagaException,
                UnknownVersionException,
                WrongStateException {
    OperationException(String message) {
        super(message);
    }
}
