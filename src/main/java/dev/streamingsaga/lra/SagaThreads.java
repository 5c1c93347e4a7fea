package dev.streamingsaga.lra;

import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The threads on which coordinator calls are made and, since Camel continues where a call ends, the bodies of sagas
 * run: never the common pool, of which a machine with two cores has one thread, and never those of the HTTP client.
 *
 * <p>Each call has a thread of its own, which ends with it, so that a body that waits for another saga's call cannot
 * starve it; a bound of 16 a saga (one for its body, the rest for parallel steps inside it) turns a runaway into a
 * refused call. No thread is used again: Camel keeps what an exchange is to do next with the thread, and of an exchange
 * that died of an Error it would do that as soon as another saga used the thread. Not daemons: a saga's body is
 * finished before the JVM goes.
 */
final class SagaThreads implements AutoCloseable {
    private static final int PER_SAGA = 16;
    private static final int CLOSE_SECONDS = 3;

    private final ThreadFactory threads = new NamedThreads("saga-lra", false);
    private final int bound;
    private final Semaphore free;
    private final Set<Thread> running = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    SagaThreads(int concurrency) {
        bound = Math.multiplyExact(concurrency, PER_SAGA);
        free = new Semaphore(bound);
    }

    /** The future fails with the very exception thrown, not wrapped, so that a route's exception clauses see it. */
    <T> CompletableFuture<T> call(Supplier<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        try {
            start(() -> finish(work, result));
        } catch (RejectedExecutionException e) {
            result.completeExceptionally(new SagaException(
                    Reason.COORDINATOR_UNAVAILABLE,
                    "no thread for a call to the coordinator: " + e.getMessage() + "; the call was not made",
                    e));
        }
        return result;
    }

    CompletableFuture<Void> run(Runnable work) {
        return call(() -> {
            work.run();
            return null;
        });
    }

    private void start(Runnable work) {
        if (closed || !free.tryAcquire()) {
            throw new RejectedExecutionException(closed ? "the saga service is closed" : bound + " are busy");
        }
        Thread thread = threads.newThread(() -> {
            try {
                work.run();
            } finally {
                ended(Thread.currentThread());
            }
        });
        running.add(thread);
        try {
            thread.start();
        } catch (OutOfMemoryError e) {
            ended(thread);
            throw new RejectedExecutionException("the system gives no more", e);
        }
    }

    private void ended(Thread thread) {
        running.remove(thread);
        free.release();
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
        closed = true;
        try {
            if (!free.tryAcquire(bound, CLOSE_SECONDS, TimeUnit.SECONDS)) {
                running.forEach(Thread::interrupt);
            }
        } catch (InterruptedException e) {
            running.forEach(Thread::interrupt);
            Thread.currentThread().interrupt();
        }
    }
}
