package dev.streamingsaga.pdf;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.pdfbox.io.RandomAccessRead;
import org.apache.pdfbox.io.RandomAccessReadView;

/**
 * A channel as PDFBox reads it: single bytes at changing positions. Keeps the pages that were read last,
 * {@value #MAX_PAGES} of {@value #PAGE_BYTES} bytes. Does not close the channel.
 */
final class ChannelRead implements RandomAccessRead {
    private static final int PAGE_BYTES = 4096;
    private static final int MAX_PAGES = 1000;

    private final SeekableByteChannel channel;
    private final long origin;
    private final long length;
    private final Map<Long, ByteBuffer> pages = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, ByteBuffer> eldest) {
            return size() > MAX_PAGES;
        }
    };

    private ByteBuffer page = ByteBuffer.allocate(0);
    private long pageStart = -PAGE_BYTES;
    private long position;
    private boolean closed;

    ChannelRead(SeekableByteChannel channel) throws IOException {
        this(channel, 0);
    }

    /** @param origin the bytes before it are left out */
    ChannelRead(SeekableByteChannel channel, long origin) throws IOException {
        this.channel = channel;
        this.origin = origin;
        this.length = channel.size() - origin;
    }

    @Override
    public int read() throws IOException {
        if (isEOF()) {
            return -1;
        }
        return page().get((int) (position++ - pageStart)) & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException {
        if (count == 0) {
            return 0;
        }
        if (isEOF()) {
            return -1;
        }
        ByteBuffer from = page();
        int at = (int) (position - pageStart);
        int n = Math.min(count, from.limit() - at);
        from.get(at, target, offset, n);
        position += n;
        return n;
    }

    /** The page of the current position, which is before the end. */
    private ByteBuffer page() throws IOException {
        long start = position / PAGE_BYTES * PAGE_BYTES;
        if (start != pageStart) {
            ByteBuffer known = pages.get(start);
            page = known == null ? load(start) : known;
            pageStart = start;
        }
        return page;
    }

    private ByteBuffer load(long start) throws IOException {
        ByteBuffer loaded = ByteBuffer.allocate((int) Math.min(PAGE_BYTES, length - start));
        channel.position(origin + start);
        while (loaded.hasRemaining()) {
            if (channel.read(loaded) < 0) {
                throw new EOFException("ends before " + length);
            }
        }
        pages.put(start, loaded.flip());
        return loaded;
    }

    @Override
    public long getPosition() throws IOException {
        requireOpen();
        return position;
    }

    @Override
    public void seek(long newPosition) throws IOException {
        requireOpen();
        if (newPosition < 0) {
            throw new IOException("position " + newPosition);
        }
        position = Math.min(newPosition, length);
    }

    @Override
    public long length() throws IOException {
        requireOpen();
        return length;
    }

    @Override
    public boolean isEOF() throws IOException {
        requireOpen();
        return position >= length;
    }

    private void requireOpen() throws IOException {
        if (closed) {
            throw new IOException("is closed");
        }
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    /** A view changes the position of this object at each read. PDFBox reads with one thread. */
    @Override
    public RandomAccessReadView createView(long start, long viewLength) throws IOException {
        requireOpen();
        return new RandomAccessReadView(this, start, viewLength);
    }

    @Override
    public void close() {
        closed = true;
        pages.clear();
    }
}
