package dev.streamingsaga.chunk;

/**
 * An attempt failed, and another one may succeed. Leaves the chunk's route only when the context stops before that
 * attempt.
 */
final class TransientFailure extends RuntimeException {
    TransientFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
