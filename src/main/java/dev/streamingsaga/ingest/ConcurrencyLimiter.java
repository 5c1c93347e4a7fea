package dev.streamingsaga.ingest;

import dev.streamingsaga.journal.ActiveRun;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Limits how many runs are active at a time; slots are granted in the order of the requests. A slot belongs to the run
 * and not to its exchange: if Camel loses the exchange, the run ends by its time limit and frees the slot. A run that
 * ends while it waits for a slot stops waiting.
 */
final class ConcurrencyLimiter {
    private final Queue<CompletableFuture<Boolean>> waiting = new ArrayDeque<>();
    private int free;

    ConcurrencyLimiter(int count) {
        this.free = count;
    }

    /**
     * Waits for a slot, which is released when the run ends.
     *
     * @return false if the run has ended, or the wait has timed out
     */
    boolean acquire(ActiveRun run, Duration wait) throws InterruptedException {
        CompletableFuture<Boolean> slot = new CompletableFuture<>();
        tryAcquire(slot);
        run.ended().whenComplete((id, failure) -> release(slot));
        try {
            return slot.get(wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (TimeoutException e) {
            return cancel(slot);
        }
    }

    private synchronized void tryAcquire(CompletableFuture<Boolean> slot) {
        if (free == 0) {
            waiting.add(slot);
        } else {
            free--;
            slot.complete(true);
        }
    }

    /** @return whether the slot was granted at the last moment */
    private synchronized boolean cancel(CompletableFuture<Boolean> slot) {
        waiting.remove(slot);
        slot.complete(false);
        return slot.getNow(false);
    }

    private synchronized void release(CompletableFuture<Boolean> slot) {
        if (waiting.remove(slot) || !slot.getNow(false)) {
            slot.complete(false);
        } else if (waiting.isEmpty()) {
            free++;
        } else {
            waiting.remove().complete(true);
        }
    }
}
