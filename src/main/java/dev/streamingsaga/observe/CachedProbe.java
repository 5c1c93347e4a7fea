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
 * An answer that is kept for a while. The question is asked on a thread of its own, never twice at a time. Thread-safe.
 */
final class CachedProbe<T> {
    private final Supplier<T> question;
    private final Duration keep;
    private final Executor threads;
    private @Nullable CompletableFuture<T> asking;
    private long askedNanos;
    private long endedNanos;
    private volatile T last;

    /** @param first answer until there is one */
    CachedProbe(Supplier<T> question, T first, Duration keep, Executor threads) {
        this.question = question;
        this.last = first;
        this.keep = keep;
        this.threads = threads;
    }

    /** The last answer that came; never waits, but asks anew if it is old. */
    T last() {
        refresh();
        return last;
    }

    /**
     * An answer that is not old. One that hangs is waited for only while it is younger than the limit, so that of many
     * who ask only the first ones wait.
     *
     * @return empty if the question failed, or was not answered in time
     */
    Optional<T> within(Duration limit) {
        CompletableFuture<T> answer = refresh();
        try {
            return Optional.of(answer.get(
                    Math.max(0, limit.toNanos() - (System.nanoTime() - refreshing())), TimeUnit.NANOSECONDS));
        } catch (ExecutionException | TimeoutException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private synchronized long refreshing() {
        return askedNanos;
    }

    synchronized CompletableFuture<T> refresh() {
        CompletableFuture<T> known = asking;
        if (known != null && (!known.isDone() || System.nanoTime() - endedNanos < keep.toNanos())) {
            return known;
        }
        CompletableFuture<T> next = new CompletableFuture<>();
        asking = next;
        askedNanos = System.nanoTime();
        try {
            threads.execute(() -> answer(next));
        } catch (RejectedExecutionException e) {
            end(() -> next.completeExceptionally(e));
        }
        return next;
    }

    private void answer(CompletableFuture<T> next) {
        try {
            T answer = question.get();
            last = answer;
            end(() -> next.complete(answer));
        } catch (RuntimeException | Error e) {
            end(() -> next.completeExceptionally(e));
        }
    }

    private synchronized void end(Runnable complete) {
        endedNanos = System.nanoTime();
        complete.run();
    }
}
