package dev.streamingsaga.encryption;

import org.jspecify.annotations.Nullable;

/** A data key is wrapped by a key encryption key that this instance does not have. */
public final class UnknownKeyException extends KeyException {
    private static final long serialVersionUID = 1;

    private final String keyId;

    public UnknownKeyException(String keyId, @Nullable Throwable cause) {
        super(
                "the key encryption key " + keyId + " is not among the configured ones; restore it from"
                        + " a backup: documents whose keys it wraps cannot be read without it",
                cause);
        this.keyId = keyId;
    }

    public String keyId() {
        return keyId;
    }
}
