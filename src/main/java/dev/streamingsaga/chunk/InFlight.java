package dev.streamingsaga.chunk;

import dev.streamingsaga.journal.ChunkRow;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Iterates over the chunk plan of a saga with a limit on chunks in flight: {@link #next} waits until one has finished.
 * Thread-safe.
 *
 * <p>After {@link #stop} it returns no more chunks and no call waits. The splitter then sees the end of the plan,
 * possibly before it sees the failure: the step after the splitter must call {@link Upload#requireAllSent}.
 */
final class InFlight implements Iterator<ChunkRow> {
    private final Queue<ChunkRow> rest;
    private final Semaphore permits;
    private final BooleanSupplier active;
    private boolean stopped;

    /** @param active checked each second of a wait; the wait ends when it returns false */
    InFlight(List<ChunkRow> plan, int limit, BooleanSupplier active) {
        this.rest = new ArrayDeque<>(plan);
        this.permits = new Semaphore(limit);
        this.active = active;
    }

    @Override
    public synchronized boolean hasNext() {
        return !stopped && !rest.isEmpty();
    }

    /** Null if it was stopped meanwhile; the splitter then does nothing. */
    @Override
    public @Nullable ChunkRow next() {
        try {
            while (!permits.tryAcquire(1, TimeUnit.SECONDS)) {
                if (!active.getAsBoolean()) {
                    stop();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the context stops
            stop();
        }
        return takeNext();
    }

    private synchronized @Nullable ChunkRow takeNext() {
        return stopped ? null : rest.poll();
    }

    /** A chunk is no longer in flight. */
    void finished() {
        permits.release();
    }

    synchronized void stop() {
        stopped = true;
        permits.release();
    }

    /** Whether it was stopped before the end of the plan. */
    synchronized boolean isCutOff() {
        return stopped && !rest.isEmpty();
    }
}
