package dev.streamingsaga.testkit;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Work beside a test, on a thread of its own: the common pool has a single one on two cores, and tests block. */
public final class Background {
    private Background() {}

    public static <T> CompletableFuture<T> run(String name, Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            thread.start();
        });
    }
}
