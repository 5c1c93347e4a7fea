package dev.streamingsaga.api;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A body from a server that has a time-out of its own for each read: here it only has to come fast enough. */
final class PacedBody extends FilterInputStream {
    private final Pace pace;

    PacedBody(InputStream body, Pace pace) {
        super(body);
        this.pace = pace;
    }

    @Override
    public int read() throws IOException {
        byte[] single = new byte[1];
        return read(single, 0, 1) < 0 ? -1 : single[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        long asked = System.nanoTime();
        int n = super.read(target, offset, length);
        pace.waited(System.nanoTime() - asked);
        if (n > 0) {
            pace.received(n);
            pace.requireTime();
        }
        return n;
    }
}
