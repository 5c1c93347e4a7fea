package dev.streamingsaga.dropfolder;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/** At most so many in any 60 seconds. Thread-safe. */
final class RateLimit {
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    private final int most;
    private final LongSupplier nanos;
    private final Deque<Long> taken = new ArrayDeque<>();

    /** @param most 0: no limit */
    RateLimit(int most, LongSupplier nanos) {
        this.most = most;
        this.nanos = nanos;
    }

    synchronized boolean tryTake() {
        if (!hasRoom()) {
            return false;
        }
        if (most > 0) {
            taken.addLast(nanos.getAsLong());
        }
        return true;
    }

    synchronized boolean hasRoom() {
        long now = nanos.getAsLong();
        while (!taken.isEmpty() && now - taken.peekFirst() >= MINUTE) {
            taken.removeFirst();
        }
        return most == 0 || taken.size() < most;
    }
}
