package dev.streamingsaga.sealing;

/** An object of the bucket that is not what it should be. The message says how, as the rest of a sentence about it. */
public final class DamagedObjectException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public DamagedObjectException(String message) {
        super(message);
    }

    DamagedObjectException(String message, Throwable cause) {
        super(message, cause);
    }
}
