package dev.streamingsaga.encryption;

import org.jspecify.annotations.Nullable;

/** The key service refuses a key: access denied, disabled, or about to be deleted. Permanent until somebody acts. */
public final class KeyRefusedException extends KeyException {
    private static final long serialVersionUID = 1;

    public KeyRefusedException(String keyId, String detail, @Nullable Throwable cause) {
        super(
                "the key service refuses the key " + keyId + ": " + detail
                        + "; grant access to it or enable it, then try again",
                cause);
    }
}
