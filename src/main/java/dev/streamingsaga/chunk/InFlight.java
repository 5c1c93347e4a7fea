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
 * A saga's plan, handed out so that no more than so many of its chunks are on their way at a time: {@link #next} waits
 * until one has arrived. Thread-safe.
 *
 * <p>From {@link #stop} on nothing is handed out and nobody waits. The splitter, which then believes to be at the end,
 * may hear of that before it hears of the failure: whoever goes on behind it has to ask {@link Upload#requireAllSent}.
 */
final class InFlight implements Iterator<ChunkRow> {
    private final Queue<ChunkRow> rest;
    private final Semaphore free;
    private final BooleanSupplier wanted;
    private boolean stopped;

    /** @param wanted asked each second of a wait; it ends when it says no */
    InFlight(List<ChunkRow> plan, int atMost, BooleanSupplier wanted) {
        this.rest = new ArrayDeque<>(plan);
        this.free = new Semaphore(atMost);
        this.wanted = wanted;
    }

    @Override
    public synchronized boolean hasNext() {
        return !stopped && !rest.isEmpty();
    }

    /** Null if it was stopped meanwhile, which the splitter takes for nothing to do. */
    @Override
    public @Nullable ChunkRow next() {
        try {
            while (!free.tryAcquire(1, TimeUnit.SECONDS)) {
                if (!wanted.getAsBoolean()) {
                    stop();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the context stops
            stop();
        }
        return taken();
    }

    private synchronized @Nullable ChunkRow taken() {
        return stopped ? null : rest.poll();
    }

    /** One that was handed out is no longer on its way. */
    void arrived() {
        free.release();
    }

    synchronized void stop() {
        stopped = true;
        free.release();
    }

    /** Whether it was stopped before its end. */
    synchronized boolean isCutOff() {
        return stopped && !rest.isEmpty();
    }
}
