package dev.streamingsaga.http;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** Allows one warning a minute, so that a flood of requests does not fill the log. Thread-safe. */
public final class WarningInterval {
    private static final long INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final LongSupplier nanos;
    private final AtomicLong last;

    public WarningInterval() {
        this(System::nanoTime);
    }

    WarningInterval(LongSupplier nanos) {
        this.nanos = nanos;
        this.last = new AtomicLong(nanos.getAsLong() - INTERVAL_NANOS);
    }

    /** @return whether to log a warning now; if so, the next one is due in a minute */
    public boolean isDue() {
        long before = last.get();
        long now = nanos.getAsLong();
        return now - before >= INTERVAL_NANOS && last.compareAndSet(before, now);
    }
}
