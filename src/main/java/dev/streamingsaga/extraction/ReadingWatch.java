package dev.streamingsaga.extraction;

import dev.streamingsaga.extraction.ReadingMeter.Excess;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stops readings that cost too much, and those whose caller was interrupted. One thread for all. Thread-safe. */
final class ReadingWatch implements AutoCloseable {
    static final Duration TICK = Duration.ofMillis(250);

    private static final Logger log = LoggerFactory.getLogger(ReadingWatch.class);

    private final Set<Watched> watched = ConcurrentHashMap.newKeySet();
    private @Nullable ScheduledExecutorService clock;

    /** A reading, and how it is stopped. */
    interface Watched {
        ReadingMeter meter();

        /** The thread that waits for the reading. */
        Thread caller();

        /** Called in the thread of the watch; must not block. */
        void stop(Excess excess);

        /** Like {@link #stop}, since nobody needs the text any more. */
        void abandon();
    }

    /** @return ends the watch */
    Runnable add(Watched reading) {
        watched.add(reading);
        start();
        return () -> watched.remove(reading);
    }

    private synchronized void start() {
        if (clock == null) {
            clock = Executors.newSingleThreadScheduledExecutor(task -> {
                Thread thread = new Thread(task, "saga-reading-watch");
                thread.setDaemon(true);
                return thread;
            });
            clock.scheduleWithFixedDelay(this::tick, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void tick() {
        for (Watched reading : watched) {
            try {
                if (reading.caller().isInterrupted()) {
                    reading.abandon();
                } else {
                    reading.meter().tick().ifPresent(reading::stop);
                }
            } catch (RuntimeException | Error e) { // the executor would never tick again, and no limit hold
                log.warn("cannot watch the reading of a document: {}", e.toString());
            }
        }
    }

    @Override
    public synchronized void close() {
        if (clock != null) {
            clock.shutdownNow();
        }
    }
}
