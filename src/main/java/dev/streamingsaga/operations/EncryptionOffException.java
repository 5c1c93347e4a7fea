package dev.streamingsaga.operations;

/** An operation on keys of an instance that has no key which wraps. */
public final class EncryptionOffException extends OperationException {
    EncryptionOffException() {
        super("no provider of key encryption keys is configured; set saga.encryption.provider");
    }
}
