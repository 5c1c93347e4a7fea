package dev.streamingsaga.upload;

import dev.streamingsaga.chunk.IncomingObjects;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.SagaException;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;

/** Sends the chunks of one body, a limited number at a time. The first failure is thrown to the caller. */
final class ChunkSender {
    private final ActiveRun run;
    private final IncomingObjects objects;
    private final Executor threads;
    private final int parallelism;
    private final Semaphore slots;
    private final AtomicReference<RuntimeException> failure = new AtomicReference<>();

    ChunkSender(ActiveRun run, IncomingObjects objects, Executor threads, int parallelism) {
        this.run = run;
        this.objects = objects;
        this.threads = threads;
        this.parallelism = parallelism;
        this.slots = new Semaphore(parallelism);
    }

    /** Journals the chunk, and sends it in the background. Waits while as many as allowed are in flight. */
    void send(ChunkRow row, PartFile part) throws IOException {
        boolean sending = false;
        acquire(1);
        try {
            requireNoFailure();
            run.addChunk(row);
            threads.execute(() -> sendNow(row, part));
            sending = true;
        } finally {
            if (!sending) {
                part.delete();
                slots.release();
            }
        }
    }

    private void sendNow(ChunkRow row, PartFile part) {
        try {
            if (failure.get() == null) {
                objects.sendChunk(run, row, part.path());
            }
        } catch (RuntimeException e) {
            failure.compareAndSet(null, e);
        } catch (Error e) {
            failure.compareAndSet(null, new IllegalStateException(e));
            throw e;
        } finally {
            part.delete();
            slots.release();
        }
    }

    /**
     * Waits until the bucket has confirmed all chunks.
     *
     * @throws SagaException why one was not confirmed
     */
    void awaitAll() throws IOException {
        awaitIdle();
        requireNoFailure();
    }

    /** Waits until no chunk is in flight, whether or not all were confirmed. */
    void awaitIdle() throws IOException {
        acquire(parallelism);
        slots.release(parallelism);
    }

    private void acquire(int permits) throws IOException {
        try {
            slots.acquire(permits);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a body was sent to the bucket", e);
        }
    }

    private void requireNoFailure() {
        RuntimeException cause = failure.get();
        if (cause != null) {
            throw cause;
        }
    }
}
