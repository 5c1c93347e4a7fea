package dev.streamingsaga.intake;

import java.io.IOException;

/** The sender disconnected before the body was complete. */
public final class BodyAbortedException extends IOException {
    public BodyAbortedException(String message, Throwable cause) {
        super(message, cause);
    }
}
