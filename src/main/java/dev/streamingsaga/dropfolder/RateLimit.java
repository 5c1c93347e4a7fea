package dev.streamingsaga.dropfolder;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/** Allows a limited number of files in any 60 seconds. Thread-safe. */
final class RateLimit {
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    private final int limit;
    private final LongSupplier nanos;
    private final Deque<Long> acquired = new ArrayDeque<>();

    /** @param limit files in any 60 seconds; 0: no limit */
    RateLimit(int limit, LongSupplier nanos) {
        this.limit = limit;
        this.nanos = nanos;
    }

    synchronized boolean tryAcquire() {
        if (!hasCapacity()) {
            return false;
        }
        if (limit > 0) {
            acquired.addLast(nanos.getAsLong());
        }
        return true;
    }

    synchronized boolean hasCapacity() {
        long now = nanos.getAsLong();
        while (!acquired.isEmpty() && now - acquired.peekFirst() >= MINUTE) {
            acquired.removeFirst();
        }
        return limit == 0 || acquired.size() < limit;
    }
}
