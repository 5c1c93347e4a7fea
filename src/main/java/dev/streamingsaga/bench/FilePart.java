package dev.streamingsaga.bench;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** A part of a file. */
final class FilePart extends FilterInputStream {
    private long remaining;

    private FilePart(InputStream in, long length) {
        super(in);
        this.remaining = length;
    }

    static FilePart open(Path file, long offset, long length) throws IOException {
        InputStream in = Files.newInputStream(file);
        in.skipNBytes(offset);
        return new FilePart(in, length);
    }

    @Override
    public int read() throws IOException {
        byte[] single = new byte[1];
        return read(single, 0, 1) < 0 ? -1 : single[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (remaining == 0) {
            return -1;
        }
        int n = super.read(target, offset, (int) Math.min(length, remaining));
        remaining -= Math.max(0, n);
        return n;
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}
