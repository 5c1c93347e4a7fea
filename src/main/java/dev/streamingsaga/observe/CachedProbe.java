package dev.streamingsaga.observe;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Caches the result of a probe for a while. The probe runs on its own thread, never twice at the same time.
 * Thread-safe.
 */
final class CachedProbe<T> {
    private final Supplier<T> probe;
    private final Duration timeToLive;
    private final Executor threads;
    private @Nullable CompletableFuture<T> current;
    private long startedNanos;
    private long endedNanos;
    private volatile T last;

    /** @param first result until the probe has run */
    CachedProbe(Supplier<T> probe, T first, Duration timeToLive, Executor threads) {
        this.probe = probe;
        this.last = first;
        this.timeToLive = timeToLive;
        this.threads = threads;
    }

    /** The last result. Never waits; starts the probe again if the result has expired. */
    T last() {
        refresh();
        return last;
    }

    /**
     * A result that has not expired. Waits for a running probe until the limit after its start, so that a probe that
     * hangs delays only the first callers.
     *
     * @return empty if the probe failed or did not finish in time
     */
    Optional<T> within(Duration limit) {
        CompletableFuture<T> running = refresh();
        try {
            return Optional.of(running.get(
                    Math.max(0, limit.toNanos() - (System.nanoTime() - startedNanos())), TimeUnit.NANOSECONDS));
        } catch (ExecutionException | TimeoutException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private synchronized long startedNanos() {
        return startedNanos;
    }

    synchronized CompletableFuture<T> refresh() {
        CompletableFuture<T> cached = current;
        if (cached != null && (!cached.isDone() || System.nanoTime() - endedNanos < timeToLive.toNanos())) {
            return cached;
        }
        CompletableFuture<T> next = new CompletableFuture<>();
        current = next;
        startedNanos = System.nanoTime();
        try {
            threads.execute(() -> run(next));
        } catch (RejectedExecutionException e) {
            end(() -> next.completeExceptionally(e));
        }
        return next;
    }

    private void run(CompletableFuture<T> next) {
        try {
            T result = probe.get();
            last = result;
            end(() -> next.complete(result));
        } catch (RuntimeException | Error e) {
            end(() -> next.completeExceptionally(e));
        }
    }

    private synchronized void end(Runnable complete) {
        endedNanos = System.nanoTime();
        complete.run();
    }
}
