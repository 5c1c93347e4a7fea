package dev.streamingsaga.http;

import java.io.IOException;

/** A server answered a request with a status that means failure. */
public final class HttpStatusException extends IOException {
    private final int status;

    public HttpStatusException(int status) {
        super("HTTP " + status);
        this.status = status;
    }

    public int status() {
        return status;
    }
}
