package dev.streamingsaga.lra;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A small pool for an HTTP server whose requests may not take longer than a limit. The JDK's server has a time-out for slow
 * clients only as a system property, for the whole JVM; here the thread is interrupted, which closes the channel it reads from.
 */
final class RequestThreads implements Executor, AutoCloseable {
    private final ThreadPoolExecutor pool;
    private final ScheduledExecutorService watch;
    private final long limitMillis;

    RequestThreads(int threads, int queue, Duration limit) {
        pool = new ThreadPoolExecutor(
                threads, threads, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(queue), new NamedThreads("saga-callback", true));
        pool.allowCoreThreadTimeOut(true);
        watch = Executors.newSingleThreadScheduledExecutor(new NamedThreads("saga-callback-watch", true));
        limitMillis = limit.toMillis();
    }

    @Override
    public void execute(Runnable request) {
        pool.execute(() -> new Watched(Thread.currentThread()).run(request));
    }

    /** Interrupts a thread only as long as it works for this request. */
    private final class Watched {
        private final Thread thread;
        private boolean over;

        Watched(Thread thread) {
            this.thread = thread;
        }

        void run(Runnable request) {
            Future<?> alarm = watch.schedule(this::interrupt, limitMillis, TimeUnit.MILLISECONDS);
            try {
                request.run();
            } finally {
                alarm.cancel(false);
                end();
            }
        }

        private synchronized void interrupt() {
            if (!over) {
                thread.interrupt();
            }
        }

        private synchronized void end() {
            over = true;
            Thread.interrupted();
        }
    }

    @Override
    public void close() {
        pool.shutdownNow();
        watch.shutdownNow();
    }
}
