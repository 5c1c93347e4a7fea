package dev.streamingsaga.api;

import java.io.IOException;

/** The other side went away in the middle of its body. */
final class BrokenOff extends IOException {
    BrokenOff(String message, Throwable cause) {
        super(message, cause);
    }
}
