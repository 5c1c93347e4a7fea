package dev.streamingsaga.intake;

import java.io.IOException;

/** The other side went away in the middle of its body. */
public final class BodyAbortedException extends IOException {
    public BodyAbortedException(String message, Throwable cause) {
        super(message, cause);
    }
}
