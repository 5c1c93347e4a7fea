package dev.streamingsaga.saga;

import org.jspecify.annotations.Nullable;

/** A store's route failed, or did not answer in time. */
public final class StoreCallException extends Exception {
    StoreCallException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** An Error, not an exception: the undoing itself crashed. */
    boolean isCrash() {
        for (Throwable t = getCause(); t != null; t = t.getCause()) {
            if (t instanceof Error) {
                return true;
            }
        }
        return false;
    }
}
