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
 * The threads for coordinator calls. Camel continues an exchange on the thread on which the call ends, so the bodies of
 * sagas run here too: never on the common pool, which has one thread on a machine with two cores, and never on the
 * threads of the HTTP client.
 *
 * <p>Each saga has its own thread, so that a body that waits for the call of another saga cannot starve it:
 * {@link #run} starts a thread, and {@link #continued} makes the next call of a body on the thread of that body. A
 * limit of 16 per saga (one for its body, the rest for parallel steps) refuses threads beyond that. No saga uses a
 * thread of another one: Camel keeps the pending work of an exchange in a thread local, and after an exchange that
 * failed with an Error it would run that work when another saga used the thread. No daemon threads: the JVM waits for
 * the bodies of sagas.
 */
final class SagaThreads implements AutoCloseable {
    private static final int PER_SAGA = 16;
    private static final int CLOSE_SECONDS = 3;

    private final ThreadFactory threads = new NamedThreads("saga-lra", false);
    private final int limit;
    private final Semaphore free;
    private final Set<Thread> running = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    SagaThreads(int concurrency) {
        limit = Math.multiplyExact(concurrency, PER_SAGA);
        free = new Semaphore(limit);
    }

    /**
     * The future fails with the original exception, not wrapped, so that the {@code onException} clauses of a route
     * match it.
     */
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

    /**
     * Makes the call on the current thread if a saga's body already runs on it: then nothing else can need that thread.
     */
    CompletableFuture<Void> continued(Runnable work) {
        if (!running.contains(Thread.currentThread())) {
            return run(work);
        }
        CompletableFuture<Void> result = new CompletableFuture<>();
        finish(
                () -> {
                    work.run();
                    return null;
                },
                result);
        return result;
    }

    private void start(Runnable work) {
        if (closed || !free.tryAcquire()) {
            throw new RejectedExecutionException(closed ? "the saga service is closed" : limit + " are busy");
        }
        Thread thread = threads.newThread(() -> {
            try {
                work.run();
            } finally {
                release(Thread.currentThread());
            }
        });
        running.add(thread);
        try {
            thread.start();
        } catch (OutOfMemoryError e) {
            release(thread);
            throw new RejectedExecutionException("the system cannot create another thread", e);
        }
    }

    private void release(Thread thread) {
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

    /** Waits up to 3 s for running calls, then interrupts them. */
    @Override
    public void close() {
        closed = true;
        try {
            if (!free.tryAcquire(limit, CLOSE_SECONDS, TimeUnit.SECONDS)) {
                running.forEach(Thread::interrupt);
            }
        } catch (InterruptedException e) {
            running.forEach(Thread::interrupt);
            Thread.currentThread().interrupt();
        }
    }
}
