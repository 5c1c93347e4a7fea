package dev.streamingsaga.chunk;

/** An attempt failed, and another one may succeed. Never leaves the chunk's route. */
final class TransientFailure extends RuntimeException {
    TransientFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
