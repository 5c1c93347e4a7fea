package dev.streamingsaga.api;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Enforces the minimum rate on a body. The server has a time-out of its own for each read. */
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
        long start = System.nanoTime();
        int n = super.read(target, offset, length);
        pace.waited(System.nanoTime() - start);
        if (n > 0) {
            pace.received(n);
            pace.requireTime();
        }
        return n;
    }
}
