package dev.streamingsaga.chunk;

import java.util.Iterator;
import java.util.concurrent.Executor;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Does something for each item, a bounded number at a time; the first failure stops the rest and is thrown. The caller
 * works too, and waits only for helpers that have begun: it may be called on a thread of the pool, even on the only
 * one.
 */
final class Parallel {
    private final Executor pool;
    private final int width;

    Parallel(Executor pool, int width) {
        this.pool = pool;
        this.width = width;
    }

    <T> void forEach(Iterable<T> items, Consumer<T> action) {
        Parallel.ParallelTask<T> work = new Parallel.ParallelTask<>(items.iterator(), action);
        for (int i = 1; i < width; i++) {
            pool.execute(work::help);
        }
        work.finish();
    }

    private static final class ParallelTask<T> {
        private final Iterator<T> rest;
        private final Consumer<T> action;
        private final AtomicBoolean stop = new AtomicBoolean();
        private final AtomicReference<RuntimeException> failure = new AtomicReference<>();

        /**
         * The caller is its first party; with its arrival and that of the helpers that have begun nobody else is let
         * in.
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

        void help() {
            if (workers.register() < 0) {
                return;
            }
            try {
                work();
            } finally {
                workers.arriveAndDeregister();
            }
        }

        void finish() {
            try {
                try {
                    work();
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

        private void work() {
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
