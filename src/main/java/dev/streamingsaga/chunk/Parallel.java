package dev.streamingsaga.chunk;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Does something for each item, a bounded number at a time; the first failure stops the rest and is thrown. */
final class Parallel {
    private final ExecutorService pool;
    private final int width;

    Parallel(ExecutorService pool, int width) {
        this.pool = pool;
        this.width = width;
    }

    <T> void forEach(Iterable<T> items, Consumer<T> action) {
        Iterator<T> rest = items.iterator();
        AtomicBoolean stop = new AtomicBoolean();
        Runnable worker = () -> {
            while (!stop.get()) {
                T item;
                synchronized (rest) {
                    if (!rest.hasNext()) {
                        return;
                    }
                    item = rest.next();
                }
                try {
                    action.accept(item);
                } catch (RuntimeException e) {
                    stop.set(true);
                    throw e;
                }
            }
        };
        List<Future<?>> workers = new ArrayList<>();
        for (int i = 0; i < width; i++) {
            workers.add(pool.submit(worker));
        }
        await(workers, stop);
    }

    private static void await(List<Future<?>> workers, AtomicBoolean stop) {
        RuntimeException failure = null;
        for (Future<?> worker : workers) {
            try {
                worker.get();
            } catch (ExecutionException e) {
                RuntimeException found = e.getCause() instanceof RuntimeException r ? r : new IllegalStateException(e.getCause());
                failure = failure != null ? failure : found;
            } catch (InterruptedException e) {
                stop.set(true);
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while waiting for the bucket", e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
