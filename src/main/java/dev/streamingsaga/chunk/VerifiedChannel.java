package dev.streamingsaga.chunk;

import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.source.ReadOnlyChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/** A document as one read-only channel over its verified chunks. */
final class VerifiedChannel extends ReadOnlyChannel {
    private final NavigableMap<Long, ChunkRow> rows = new TreeMap<>();
    private final VerifiedChunks chunks;
    private final long size;
    private long position;
    private boolean closed;

    /** @param chunks closed with this channel */
    VerifiedChannel(List<ChunkRow> rows, VerifiedChunks chunks) {
        rows.forEach(row -> this.rows.put(row.offset(), row));
        this.chunks = chunks;
        this.size = rows.stream().mapToLong(ChunkRow::sizeBytes).sum();
    }

    @Override
    public int read(ByteBuffer target) throws ClosedChannelException {
        requireOpen();
        if (position >= size) {
            return -1;
        }
        ChunkRow row = rows.floorEntry(position).getValue();
        int n = chunks.read(row, position - row.offset(), target);
        position += Math.max(0, n);
        return n;
    }

    @Override
    public long position() throws ClosedChannelException {
        requireOpen();
        return position;
    }

    @Override
    public SeekableByteChannel position(long newPosition) throws ClosedChannelException {
        requireOpen();
        if (newPosition < 0) {
            throw new IllegalArgumentException("position " + newPosition);
        }
        position = newPosition;
        return this;
    }

    @Override
    public long size() throws ClosedChannelException {
        requireOpen();
        return size;
    }

    private void requireOpen() throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public void close() throws IOException {
        closed = true;
        chunks.close();
    }
}
