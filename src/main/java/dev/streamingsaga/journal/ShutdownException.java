package dev.streamingsaga.journal;

/**
 * This instance is stopping: a saga was not begun, or was left where it is. Nothing is undone; the next start goes on
 * with it.
 */
public final class ShutdownException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ShutdownException(String message) {
        super(message);
    }
}
