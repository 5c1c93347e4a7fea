package dev.streamingsaga.testkit;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** Runs work in parallel to a test, on its own thread: the common pool has only one on two cores, and tests block. */
public final class Background {
    private Background() {}

    public static <T> CompletableFuture<T> run(String name, Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            thread.start();
        });
    }

    /** As {@link #run}, for work that throws checked exceptions. */
    public static <T> CompletableFuture<T> call(String name, Callable<T> work) {
        return run(name, () -> {
            try {
                return work.call();
            } catch (Exception e) {
                throw new CompletionException(e);
            }
        });
    }
}
