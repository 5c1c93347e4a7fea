package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;

/**
 * This instance is stopping: a saga was not started, or was left as it is. Nothing is compensated; the next start
 * resumes the saga.
 */
@PublicApi
public final class ShutdownException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ShutdownException(String message) {
        super(message);
    }
}
