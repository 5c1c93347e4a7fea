package dev.streamingsaga.chunk;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads what is in blocks of memory, then a file, which stays open. Supports {@code reset}, which the SDK uses before
 * it sends again.
 */
final class BlockStream extends InputStream {
    private final List<byte[]> blocks;
    private final long sizeInMemory;
    private final Optional<FileChannel> rest;
    private long position;
    private long mark;
    private @Nullable InputStream file;

    /** @param sizeInMemory of the blocks, which are full but for the last */
    BlockStream(List<byte[]> blocks, long sizeInMemory, Optional<FileChannel> rest) {
        this.blocks = blocks;
        this.sizeInMemory = sizeInMemory;
        this.rest = rest;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
        int n = position < sizeInMemory ? readBlock(target, from, length) : readRest(target, from, length);
        position += Math.max(0, n);
        return n;
    }

    private int readBlock(byte[] target, int from, int length) {
        int at = (int) (position % StoredFormMemory.BLOCK_BYTES);
        long available = Math.min(StoredFormMemory.BLOCK_BYTES - at, sizeInMemory - position);
        int n = (int) Math.min(length, available);
        System.arraycopy(blocks.get((int) (position / StoredFormMemory.BLOCK_BYTES)), at, target, from, n);
        return n;
    }

    private int readRest(byte[] target, int from, int length) throws IOException {
        if (rest.isEmpty()) {
            return length == 0 ? 0 : -1;
        }
        InputStream open = file;
        if (open == null) {
            long at = position - sizeInMemory;
            open = new RegionStream(rest.get(), at, rest.get().size() - at, false);
            file = open;
        }
        return open.read(target, from, length);
    }

    @Override
    public int available() throws IOException {
        long inFile = rest.isPresent() ? rest.get().size() : 0;
        return (int) Math.min(Integer.MAX_VALUE, sizeInMemory + inFile - position);
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
        file = null;
    }
}
