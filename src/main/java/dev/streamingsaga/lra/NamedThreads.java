package dev.streamingsaga.lra;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads {@code name-1}, {@code name-2} and so on. */
final class NamedThreads implements ThreadFactory {
    private final String name;
    private final boolean daemon;
    private final AtomicInteger count = new AtomicInteger();

    NamedThreads(String name, boolean daemon) {
        this.name = name;
        this.daemon = daemon;
    }

    @Override
    public Thread newThread(Runnable work) {
        Thread thread = new Thread(work, name + "-" + count.incrementAndGet());
        thread.setDaemon(daemon);
        return thread;
    }
}
