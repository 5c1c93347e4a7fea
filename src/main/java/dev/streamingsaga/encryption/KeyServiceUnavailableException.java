package dev.streamingsaga.encryption;

import org.jspecify.annotations.Nullable;

/** The key service does not answer now. Transient: the same call may succeed later without anybody's help. */
public final class KeyServiceUnavailableException extends KeyException {
    private static final long serialVersionUID = 1;

    /** @param detail what the service answered, or why it did not; one line */
    public KeyServiceUnavailableException(String detail, @Nullable Throwable cause) {
        super("the key service does not answer: " + detail, cause);
    }
}
