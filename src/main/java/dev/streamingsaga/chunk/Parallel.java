package dev.streamingsaga.chunk;

import java.util.Iterator;
import java.util.concurrent.Executor;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Runs an action for each item, a limited number in parallel; the first failure stops the rest and is thrown. The
 * calling thread also runs items and waits only for workers that have started, so the caller may be a thread of the
 * pool, even the only one.
 */
final class Parallel {
    private final Executor pool;
    private final int parallelism;

    Parallel(Executor pool, int parallelism) {
        this.pool = pool;
        this.parallelism = parallelism;
    }

    <T> void forEach(Iterable<T> items, Consumer<T> action) {
        ParallelTask<T> task = new ParallelTask<>(items.iterator(), action);
        for (int i = 1; i < parallelism; i++) {
            pool.execute(task::join);
        }
        task.finish();
    }

    private static final class ParallelTask<T> {
        private final Iterator<T> rest;
        private final Consumer<T> action;
        private final AtomicBoolean stop = new AtomicBoolean();
        private final AtomicReference<RuntimeException> failure = new AtomicReference<>();

        /**
         * The caller is the first party. The phaser terminates when the caller and the started workers have arrived, so
         * no worker can join later.
         */
        private final Phaser workers = new Phaser(1) {
            @Override
            protected boolean onAdvance(int phase, int parties) {
                return true;
            }
        };

        ParallelTask(Iterator<T> rest, Consumer<T> action) {
            this.rest = rest;
            this.action = action;
        }

        void join() {
            if (workers.register() < 0) {
                return;
            }
            try {
                runItems();
            } finally {
                workers.arriveAndDeregister();
            }
        }

        void finish() {
            try {
                try {
                    runItems();
                } finally {
                    workers.awaitAdvanceInterruptibly(workers.arrive());
                }
            } catch (InterruptedException e) {
                stop.set(true);
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while waiting for the bucket", e);
            }
            if (failure.get() != null) {
                throw failure.get();
            }
        }

        private void runItems() {
            try {
                while (!stop.get()) {
                    T item;
                    synchronized (rest) {
                        if (!rest.hasNext()) {
                            return;
                        }
                        item = rest.next();
                    }
                    action.accept(item);
                }
            } catch (RuntimeException e) {
                failure.compareAndSet(null, e);
                stop.set(true);
            } catch (Error e) {
                failure.compareAndSet(null, new IllegalStateException(e));
                stop.set(true);
                throw e;
            }
        }
    }
}
