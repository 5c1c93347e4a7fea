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
 * The places for runs at a time, given in the order of asking. A place belongs to the run, and not to the exchange that
 * asked: one that Camel loses ends by its time limit, and its place is free again. A run that ends while it waits for
 * one, waits no more.
 */
final class ConcurrencyLimiter {
    private final Queue<CompletableFuture<Boolean>> waiting = new ArrayDeque<>();
    private int free;

    ConcurrencyLimiter(int count) {
        this.free = count;
    }

    /**
     * Waits for a place; once had, the run's end gives it back.
     *
     * @return false if the run has ended, or waited for so long
     */
    boolean acquire(ActiveRun run, Duration wait) throws InterruptedException {
        CompletableFuture<Boolean> turn = new CompletableFuture<>();
        tryAcquire(turn);
        run.ended().whenComplete((id, failure) -> release(turn));
        try {
            return turn.get(wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (TimeoutException e) {
            return cancel(turn);
        }
    }

    private synchronized void tryAcquire(CompletableFuture<Boolean> turn) {
        if (free == 0) {
            waiting.add(turn);
        } else {
            free--;
            turn.complete(true);
        }
    }

    /** @return whether it was given a place at the last moment */
    private synchronized boolean cancel(CompletableFuture<Boolean> turn) {
        waiting.remove(turn);
        turn.complete(false);
        return turn.getNow(false);
    }

    private synchronized void release(CompletableFuture<Boolean> turn) {
        if (waiting.remove(turn) || !turn.getNow(false)) {
            turn.complete(false);
        } else if (waiting.isEmpty()) {
            free++;
        } else {
            waiting.remove().complete(true);
        }
    }
}
