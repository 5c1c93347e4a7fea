package dev.streamingsaga.extraction;

import dev.streamingsaga.extraction.ReadingMeter.Excess;
import dev.streamingsaga.extractor.ReadingStopped;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.extractor.TextExtractor.TextSinkClosed;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.outage.HostUnavailableException;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.time.Duration;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** A document that a worker reads: serves its bytes and passes on its text. */
final class WorkerReading extends Reading {
    private final WorkerProcess worker;
    private final SeekableByteChannel bytes;
    private final TextSink text;
    private final PlaceInText place = new PlaceInText();
    private volatile @Nullable Excess excess;
    private final Exchanges exchanges;
    private boolean begun;

    WorkerReading(WorkerProcess worker, SeekableByteChannel bytes, TextSink text, ReadingBudget budget) {
        this(worker, bytes, text, budget, new Exchanges());
    }

    private WorkerReading(
            WorkerProcess worker, SeekableByteChannel bytes, TextSink text, ReadingBudget budget, Exchanges exchanges) {
        super(budget, exchanges);
        this.exchanges = exchanges;
        exchanges.setWaiting(true);
        this.worker = worker;
        this.bytes = bytes;
        this.text = text;
    }

    /** The worker ended before it began to read: not the fault of the document. */
    static final class NotBegunException extends Exception {
        NotBegunException(String message) {
            super(message);
        }
    }

    /**
     * @return whether the worker can read another document
     * @throws ReadingStopped if the worker was stopped or has ended
     * @throws NotBegunException if it has ended before
     * @throws HostUnavailableException if the worker lacks disk space, or is stopping
     * @throws IOException if the bytes cannot be read
     */
    boolean run(String contentType) throws NotBegunException, IOException {
        long size = bytes.size();
        toWorker(out -> {
            out.writeByte(Frames.DOCUMENT);
            Frames.writeLine(out, contentType);
            out.writeLong(size);
        });
        while (true) {
            int frame = fromWorker(DataInputStream::readUnsignedByte);
            switch (frame) {
                case Frames.BEGUN -> {
                    begun = true;
                    meter().begin();
                }
                case Frames.READ -> serve(size);
                case Frames.TEXT -> text.text(fromWorker(in -> Frames.readText(in, Frames.MAX_TEXT_CHARS)));
                case Frames.END_PAGE -> {
                    text.endPage();
                    place.endPage();
                }
                case Frames.PAGES -> {
                    int total = Math.max(0, fromWorker(DataInputStream::readInt));
                    text.pages(total);
                    place.pages(total);
                }
                case Frames.PART -> {
                    String path = line();
                    text.part(path);
                    place.part(path);
                }
                case Frames.ABOUT -> text.about(line(), line());
                case Frames.WARNING -> warn(line(), line(), line());
                case Frames.UNAVAILABLE -> throw new HostUnavailableException(line());
                case Frames.END -> {
                    return fromWorker(DataInputStream::readBoolean);
                }
                default -> throw died("it sent " + frame);
            }
        }
    }

    private void warn(String name, String where, String message) throws NotBegunException {
        WarningCode code = WarningCode.find(name).orElseThrow(() -> stopped("it sent an unknown warning"));
        text.warn(code, where, message);
    }

    private void serve(long size) throws NotBegunException, IOException {
        long offset = fromWorker(DataInputStream::readLong);
        int length = fromWorker(in -> Frames.length(in, Frames.MAX_READ_BYTES));
        if (offset < 0 || offset > size - length) {
            throw died("it asked for bytes that the document does not have");
        }
        ByteBuffer buffer = ByteBuffer.allocate(length);
        bytes.position(offset);
        while (buffer.hasRemaining() && bytes.read(buffer) >= 0) {
            // until the buffer is full
        }
        if (buffer.hasRemaining()) {
            throw new IOException("the document ends at " + (offset + buffer.position()) + " of " + size + " bytes");
        }
        toWorker(out -> {
            out.writeByte(Frames.BYTES);
            out.writeInt(length);
            out.write(buffer.array());
        });
    }

    private interface Input<T> {
        T read(DataInputStream in) throws IOException;
    }

    private interface Output {
        void write(DataOutputStream out) throws IOException;
    }

    private String line() throws NotBegunException {
        return fromWorker(in -> Frames.readText(in, Frames.MAX_LINE_CHARS));
    }

    /** Its turn, until it has sent something. */
    private <T> T fromWorker(Input<T> input) throws NotBegunException {
        exchanges.setWaiting(false);
        try {
            return input.read(worker.in());
        } catch (Frames.BrokenFrameException e) {
            throw died("it sent " + e.getMessage());
        } catch (IOException e) {
            throw died("");
        } finally {
            exchanges.end(true);
        }
    }

    private void toWorker(Output output) throws NotBegunException {
        exchanges.setWaiting(false); // it must take what it asked for
        try {
            output.write(worker.out());
            worker.out().flush();
        } catch (IOException e) {
            throw died("");
        } finally {
            exchanges.end(true);
        }
    }

    /** @param misbehaviour empty if the worker has ended by itself */
    private RuntimeException died(String misbehaviour) throws NotBegunException {
        if (caller().isInterrupted()) {
            return new TextSinkClosed("stopped");
        }
        Excess known = excess;
        if (known != null && !begun) {
            throw new NotBegunException(known.message());
        }
        if (known != null) {
            return stopped(known.code(), known.message());
        }
        if (!misbehaviour.isEmpty()) {
            return stopped(misbehaviour);
        }
        OptionalInt exit = worker.awaitExit();
        String how = exit.isPresent() ? "exit code " + exit.getAsInt() : "its output is closed";
        if (!begun) {
            throw new NotBegunException(how);
        }
        return exit.isPresent() && exit.getAsInt() == Worker.OUT_OF_MEMORY
                ? stopped(WarningCode.OUT_OF_MEMORY, "reading it needs more memory than saga.content.memory")
                : stopped(how);
    }

    private ReadingStopped stopped(String how) {
        return stopped(WarningCode.READER_DIED, "the process that read it ended unexpectedly (" + how + ")");
    }

    private ReadingStopped stopped(WarningCode code, String message) {
        return new ReadingStopped(code, place.now(), message + "; the text from there on is not searchable");
    }

    @Override
    public void stop(Excess found) {
        excess = found;
        worker.kill();
    }

    @Override
    public void abandon() {
        worker.kill();
    }

    @Override
    public Duration cpuTime() {
        return worker.cpuTime();
    }

    @Override
    public Duration activity() {
        return worker.cpuTimeWithChildren();
    }

    @Override
    public long temporaryBytes() {
        return worker.temporaryBytes();
    }
}
