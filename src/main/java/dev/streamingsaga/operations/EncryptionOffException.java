package dev.streamingsaga.operations;

/** An operation on keys of an instance that has no key which wraps. */
public final class EncryptionOffException extends OperationException {
    EncryptionOffException() {
        super("no key wraps the keys of documents; choose one with saga.encryption.provider");
    }
}
