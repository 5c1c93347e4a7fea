package dev.streamingsaga.saga;

import org.jspecify.annotations.Nullable;

/** A store's route failed, or did not answer in time. */
public final class StoreCallException extends Exception {
    StoreCallException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** Whether the store's route failed with an Error, so that the compensation itself crashed. */
    boolean isCrash() {
        for (Throwable t = getCause(); t != null; t = t.getCause()) {
            if (t instanceof Error) {
                return true;
            }
        }
        return false;
    }
}
