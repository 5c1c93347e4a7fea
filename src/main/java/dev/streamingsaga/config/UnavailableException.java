package dev.streamingsaga.config;

import org.jspecify.annotations.Nullable;

/** A server that the configuration names does not answer, or an embedded one can't start. */
public final class UnavailableException extends RuntimeException {
    public UnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
