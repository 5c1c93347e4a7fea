package dev.streamingsaga.extraction;

import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.extractor.TextExtractor.TextSinkClosed;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.source.ReadOnlyChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Stands between a parser in its own thread and the document and its text. Once the gate is closed, even a parser that
 * ignores its interrupt reaches neither.
 */
final class Gate extends ReadOnlyChannel implements TextSink {
    private final SeekableByteChannel bytes;
    private final TextSink text;
    private final ReentrantLock reading = new ReentrantLock();
    private final ReentrantLock writing = new ReentrantLock();
    private final PlaceInText place = new PlaceInText();
    private volatile boolean closed;
    private final Exchanges exchanges = new Exchanges();

    Gate(SeekableByteChannel bytes, TextSink text) {
        this.bytes = bytes;
        this.text = text;
    }

    /**
     * Lets nothing more through, and interrupts the parser, but not while it reads: that would close the file for good.
     * Returns when the parser is outside.
     */
    void close(Thread parser) {
        closed = true;
        reading.lock();
        try {
            parser.interrupt();
        } finally {
            reading.unlock();
        }
        writing.lock();
        try {
            exchanges.setWaiting(false);
        } finally {
            writing.unlock();
        }
    }

    Exchanges exchanges() {
        return exchanges;
    }

    String place() {
        return place.now();
    }

    private interface Access<T> {
        T run() throws IOException;
    }

    private <T> T read(Access<T> access) throws IOException {
        reading.lock();
        exchanges.setWaiting(true);
        try {
            if (closed) {
                throw new ClosedChannelException();
            }
            return access.run();
        } finally {
            passed(reading);
        }
    }

    private void write(Runnable access) {
        writing.lock();
        exchanges.setWaiting(true);
        try {
            if (closed) {
                throw new TextSinkClosed("stopped");
            }
            access.run();
        } finally {
            passed(writing);
        }
    }

    private void passed(ReentrantLock lock) {
        exchanges.end(false);
        lock.unlock();
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        return read(() -> bytes.read(target));
    }

    @Override
    public long position() throws IOException {
        return read(bytes::position);
    }

    @Override
    public SeekableByteChannel position(long newPosition) throws IOException {
        read(() -> bytes.position(newPosition));
        return this;
    }

    @Override
    public long size() throws IOException {
        return read(bytes::size);
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    /** The document is closed by whoever opened it. */
    @Override
    public void close() {}

    @Override
    public void pages(int total) {
        write(() -> {
            text.pages(total);
            place.pages(total);
        });
    }

    @Override
    public void part(String path) {
        write(() -> {
            text.part(path);
            place.part(path);
        });
    }

    @Override
    public void text(CharSequence part) {
        write(() -> text.text(part));
    }

    @Override
    public void endPage() {
        write(() -> {
            text.endPage();
            place.endPage();
        });
    }

    @Override
    public void about(String title, String author) {
        write(() -> text.about(title, author));
    }

    @Override
    public void warn(WarningCode code, String where, String message) {
        write(() -> text.warn(code, where, message));
    }
}
