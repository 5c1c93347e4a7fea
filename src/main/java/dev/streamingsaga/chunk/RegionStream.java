package dev.streamingsaga.chunk;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Reads part of a file through one small buffer; supports {@code reset}, which the SDK uses before it sends again. */
final class RegionStream extends InputStream {
    private static final int BUFFER_BYTES = 128 * 1024;

    private final FileChannel file;
    private final long end;
    private final ByteBuffer buffer;
    private long position;
    private final boolean owned;
    private long mark;

    /** @param owned whether the file is closed with the stream */
    RegionStream(FileChannel file, long offset, long length, boolean owned) {
        this.file = file;
        this.end = offset + length;
        this.buffer = ByteBuffer.allocate((int) Math.min(BUFFER_BYTES, Math.max(1, length)))
                .limit(0);
        this.position = offset;
        this.mark = offset;
        this.owned = owned;
    }

    @Override
    public int read() throws IOException {
        if (!fill()) {
            return -1;
        }
        position++;
        return buffer.get() & 0xff;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int n = Math.min(length, buffer.remaining());
        buffer.get(target, from, n);
        position += n;
        return n;
    }

    private boolean fill() throws IOException {
        if (buffer.hasRemaining()) {
            return true;
        }
        if (position == end) {
            return false;
        }
        buffer.clear().limit((int) Math.min(buffer.capacity(), end - position));
        int n = file.read(buffer, position);
        buffer.flip();
        if (n <= 0) {
            buffer.limit(0);
            throw new EOFException("the file ends at " + position + ", before the end of its chunk");
        }
        return true;
    }

    @Override
    public int available() {
        return (int) Math.min(Integer.MAX_VALUE, end - position);
    }

    @Override
    public boolean markSupported() {
        return true;
    }

    @Override
    public synchronized void mark(int readLimit) {
        mark = position;
    }

    @Override
    public synchronized void reset() {
        position = mark;
        buffer.limit(0);
    }

    @Override
    public void close() throws IOException {
        if (owned) {
            file.close();
        }
    }
}
