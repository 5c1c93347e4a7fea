package dev.streamingsaga.encryption;

import org.jspecify.annotations.Nullable;

/** A key cannot be used. Messages never contain a key, wrapped or not. */
public abstract class KeyException extends RuntimeException {
    private static final long serialVersionUID = 1;

    KeyException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
