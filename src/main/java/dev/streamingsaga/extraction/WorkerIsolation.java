package dev.streamingsaga.extraction;

import dev.streamingsaga.config.DocumentConfig.ReadingLimits;
import dev.streamingsaga.content.Isolation;
import dev.streamingsaga.extraction.WorkerReading.NotBegunException;
import dev.streamingsaga.extractor.ReadingStopped;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.extractor.TextExtractor.TextSinkClosed;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.outage.HostUnavailableException;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;

/** Reads documents in workers; text files, whose reader is simple, in this process. */
final class WorkerIsolation implements Isolation {
    private static final int STARTS = 3;

    private final ReadingLimits limits;
    private final WorkerPool workers;
    private final ReadingWatch watch;
    private final InProcessIsolation here;
    private volatile boolean closed;

    WorkerIsolation(ReadingLimits limits, WorkerPool workers, ReadingWatch watch, InProcessIsolation here) {
        this.limits = limits;
        this.workers = workers;
        this.watch = watch;
        this.here = here;
    }

    @Override
    public TextExtractor isolate(String contentType, TextExtractor extractor) {
        return extractor.isRisky()
                ? (bytes, text) -> extract(contentType, bytes, text)
                : here.isolate(contentType, extractor);
    }

    @Override
    public void check() {
        here.check();
    }

    @Override
    public void prepare() {
        workers.prepare();
    }

    private void extract(String contentType, SeekableByteChannel bytes, TextSink text) throws IOException {
        ReadingBudget budget = ReadingBudget.of(limits, bytes.size());
        String problem = "";
        for (int start = 0; start < STARTS; start++) {
            try {
                extractOnce(contentType, bytes, text, budget);
                return;
            } catch (NotBegunException e) {
                problem = String.valueOf(e.getMessage());
            }
        }
        throw cannotStart(problem);
    }

    private void extractOnce(String contentType, SeekableByteChannel bytes, TextSink text, ReadingBudget budget)
            throws NotBegunException, IOException {
        WorkerProcess worker = acquire();
        boolean reusable = false;
        WorkerReading reading = new WorkerReading(worker, bytes, text, budget);
        Runnable unwatch = watch.add(reading);
        try {
            reusable = reading.run(contentType);
        } catch (ReadingStopped e) {
            throw closed ? stopping() : e; // not the fault of the document
        } finally {
            unwatch.run();
            workers.release(worker, reusable);
        }
    }

    private WorkerProcess acquire() {
        try {
            return workers.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TextSinkClosed("stopped");
        } catch (IOException e) {
            throw cannotStart(String.valueOf(e.getMessage()));
        } catch (WorkerPool.ClosedException e) {
            throw stopping();
        }
    }

    private static SagaException stopping() {
        return new SagaException(Reason.CANCELLED, "the text was not read to the end: this instance stops");
    }

    private static HostUnavailableException cannotStart(String problem) {
        return new HostUnavailableException("cannot start a worker process to read documents (" + problem
                + "); free memory and processes, check saga.content.memory, or set"
                + " saga.content.isolation=in-process");
    }

    @Override
    public void close() {
        closed = true;
        workers.close();
        here.close();
        watch.close();
    }
}
