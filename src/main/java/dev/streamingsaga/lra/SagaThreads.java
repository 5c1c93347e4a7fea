package dev.streamingsaga.lra;

import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The threads on which coordinator calls are made and, since Camel continues where a call ends, the bodies of sagas run: never
 * the common pool, of which a machine with two cores has one thread, and never those of the HTTP client.
 *
 * <p>A thread is made for each call when none is idle, so that a body that waits for another saga's call cannot starve it; a
 * bound of 16 a saga (one for its body, the rest for parallel steps inside it) turns a runaway into a refused call. Not
 * daemons: a saga's body is finished before the JVM goes. Idle ones end after 10 s.
 */
final class SagaThreads implements AutoCloseable {
    private static final int PER_SAGA = 16;

    private final ThreadPoolExecutor pool;

    SagaThreads(int concurrency) {
        pool = new ThreadPoolExecutor(
                0, Math.multiplyExact(concurrency, PER_SAGA), 10, TimeUnit.SECONDS, new SynchronousQueue<>(), new NamedThreads("saga-lra", false));
    }

    /** The future fails with the very exception thrown, not wrapped, so that a route's exception clauses see it. */
    <T> CompletableFuture<T> call(Supplier<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        try {
            pool.execute(() -> finish(work, result));
        } catch (RejectedExecutionException e) {
            result.completeExceptionally(new SagaException(Reason.COORDINATOR_UNAVAILABLE, "no thread for a call to the coordinator: "
                    + (pool.isShutdown() ? "the saga service is closed" : pool.getMaximumPoolSize() + " are busy") + "; the call was not made", e));
        }
        return result;
    }

    CompletableFuture<Void> run(Runnable work) {
        return call(() -> {
            work.run();
            return null;
        });
    }

    private static <T> void finish(Supplier<T> work, CompletableFuture<T> result) {
        T value;
        try {
            value = work.get();
        } catch (RuntimeException | Error e) {
            result.completeExceptionally(e);
            return;
        }
        result.complete(value);
    }

    /** Waits up to 3 s for what still runs, then interrupts it. */
    @Override
    public void close() {
        pool.shutdown();
        try {
            if (!pool.awaitTermination(3, TimeUnit.SECONDS)) {
                pool.shutdownNow();
            }
        } catch (InterruptedException e) {
            pool.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
