package dev.streamingsaga.extraction;

import dev.streamingsaga.extraction.ReadingMeter.Excess;
import dev.streamingsaga.extractor.ReadingStopped;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.extractor.TextExtractor.TextSinkClosed;
import dev.streamingsaga.journal.WarningCode;
import java.lang.management.ManagementFactory;
import java.nio.channels.SeekableByteChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A document that a thread of its own reads in this process. */
final class InProcessReading extends Reading {
    private static final Logger log = LoggerFactory.getLogger(InProcessReading.class);
    private static final AtomicLong THREADS = new AtomicLong();
    private static final Duration STOP = Duration.ofSeconds(2);

    /** Ends the wait for the parser: with its failure, or empty. */
    private final CompletableFuture<Optional<Throwable>> end = new CompletableFuture<>();

    private final Gate gate;
    private final Thread parser;
    private final LongSupplier temporaryBytes;

    InProcessReading(
            TextExtractor extractor,
            SeekableByteChannel bytes,
            TextSink text,
            ReadingBudget budget,
            LongSupplier temporaryBytes) {
        this(extractor, new Gate(bytes, text), budget, temporaryBytes);
    }

    private InProcessReading(TextExtractor extractor, Gate gate, ReadingBudget budget, LongSupplier temporaryBytes) {
        super(budget, gate.exchanges());
        this.gate = gate;
        this.temporaryBytes = temporaryBytes;
        this.parser = new Thread(() -> parse(extractor), "saga-content-parser-" + THREADS.incrementAndGet());
        this.parser.setDaemon(true);
    }

    private void parse(TextExtractor extractor) {
        try {
            extractor.extract(gate, gate);
            end.complete(Optional.empty());
        } catch (Throwable e) {
            end.complete(Optional.of(e)); // rethrown in the caller's thread
        }
    }

    /** @throws Exception what the extractor throws; {@link ReadingStopped} if the document costs too much */
    void run() throws Exception {
        meter().begin();
        parser.start();
        try {
            Throwable failure = end.get().orElse(null);
            if (failure instanceof OutOfMemoryError) {
                throw stopped(new Excess(
                        WarningCode.OUT_OF_MEMORY,
                        "reading it needs more memory than this process has (see saga.content.isolation)"));
            }
            rethrow(failure);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopParser();
            throw new TextSinkClosed("stopped");
        } catch (ExecutionException e) {
            stopParser();
            throw e.getCause() instanceof ReadingStopped stopped ? stopped : e;
        }
    }

    /** The thread of a parser that was stopped, and has not ended. */
    Optional<Thread> stuckParser() {
        return Optional.of(parser).filter(Thread::isAlive);
    }

    private static void rethrow(@org.jspecify.annotations.Nullable Throwable failure) throws Exception {
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure != null) {
            throw (Exception) failure;
        }
    }

    private void stopParser() {
        gate.close(parser);
        boolean interrupted = Thread.interrupted();
        try {
            parser.join(STOP.toMillis());
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (parser.isAlive()) {
            log.warn(
                    "a parser ignores its interrupt, so thread {} keeps running; saga.content.isolation=process reads"
                            + " documents in processes, which can be killed",
                    parser.getName());
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private ReadingStopped stopped(Excess excess) {
        return new ReadingStopped(
                excess.code(), gate.place(), excess.message() + "; the text from there on is not searchable");
    }

    @Override
    public void stop(Excess excess) {
        end.completeExceptionally(stopped(excess));
    }

    /** The caller notices its interrupt itself. */
    @Override
    public void abandon() {}

    @Override
    public Duration cpuTime() {
        return Duration.ofNanos(Math.max(0, ManagementFactory.getThreadMXBean().getThreadCpuTime(parser.getId())));
    }

    @Override
    public Duration activity() {
        return ProcessHandle.current()
                .descendants()
                .map(child -> child.info().totalCpuDuration().orElse(Duration.ZERO))
                .reduce(cpuTime(), Duration::plus);
    }

    @Override
    public long temporaryBytes() {
        return temporaryBytes.getAsLong();
    }
}
