package dev.streamingsaga.dropfolder;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/** At most so many in any 60 seconds. For the thread that looks. */
final class MinuteLimit {
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    private final int most;
    private final LongSupplier nanos;
    private final Deque<Long> taken = new ArrayDeque<>();

    /** @param most 0: no limit */
    MinuteLimit(int most, LongSupplier nanos) {
        this.most = most;
        this.nanos = nanos;
    }

    boolean tryTake() {
        if (most == 0) {
            return true;
        }
        long now = nanos.getAsLong();
        while (!taken.isEmpty() && now - taken.peekFirst() >= MINUTE) {
            taken.removeFirst();
        }
        if (taken.size() >= most) {
            return false;
        }
        taken.addLast(now);
        return true;
    }
}
