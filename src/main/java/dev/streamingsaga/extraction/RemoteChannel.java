package dev.streamingsaga.extraction;

import dev.streamingsaga.source.ReadOnlyChannel;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;

/**
 * The document that a worker reads. Fetches blocks from the process that started the worker, and keeps the
 * {@value #BLOCKS} that were used last.
 */
final class RemoteChannel extends ReadOnlyChannel {
    private static final int BLOCK_BYTES = 64 * 1024;
    private static final int BLOCKS = 32;

    private final DataOutputStream requests;
    private final BlockingQueue<byte[]> answers;
    private final long size;
    private final Map<Long, byte[]> blocks = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, byte[]> eldest) {
            return size() > BLOCKS;
        }
    };

    private long position;

    RemoteChannel(DataOutputStream requests, BlockingQueue<byte[]> answers, long size) {
        this.requests = requests;
        this.answers = answers;
        this.size = size;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        if (position >= size) {
            return -1;
        }
        byte[] block = block(position / BLOCK_BYTES);
        int at = (int) (position % BLOCK_BYTES);
        int n = Math.min(target.remaining(), block.length - at);
        target.put(block, at, n);
        position += n;
        return n;
    }

    private byte[] block(long index) throws IOException {
        byte[] known = blocks.get(index);
        if (known != null) {
            return known;
        }
        long offset = index * BLOCK_BYTES;
        int length = (int) Math.min(BLOCK_BYTES, size - offset);
        requests.writeByte(Frames.READ);
        requests.writeLong(offset);
        requests.writeInt(length);
        requests.flush();
        try {
            byte[] fetched = answers.take();
            if (fetched.length != length) {
                throw new IOException("got " + fetched.length + " of " + length + " bytes");
            }
            blocks.put(index, fetched);
            return fetched;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public SeekableByteChannel position(long newPosition) {
        position = newPosition;
        return this;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void close() {
        // the process that serves the bytes closes them
    }
}
