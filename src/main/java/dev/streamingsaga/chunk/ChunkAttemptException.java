package dev.streamingsaga.chunk;

/**
 * An attempt failed, and another one may succeed. Leaves the route of the chunk only if the context stops before the
 * next attempt.
 */
final class ChunkAttemptException extends RuntimeException {
    ChunkAttemptException(String message, Throwable cause) {
        super(message, cause);
    }
}
