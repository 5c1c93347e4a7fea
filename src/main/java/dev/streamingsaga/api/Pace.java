package dev.streamingsaga.api;

import dev.streamingsaga.config.SagaConfig.HttpLimits;
import java.util.concurrent.TimeUnit;

/**
 * How long a client may still let us wait for its body. It starts with {@code saga.http.idle-timeout}, waiting takes
 * from that, and each byte gives back what it takes at {@code saga.http.min-rate}, up to that start: one long pause is
 * allowed, a body that trickles for ever is not. Time in which we do not read, since the disk is slow, does not count.
 * For one thread.
 */
final class Pace {
    private final HttpLimits limits;
    private final long mostNanos;
    private long leftNanos;

    Pace(HttpLimits limits) {
        this.limits = limits;
        this.mostNanos = limits.idle().toNanos();
        this.leftNanos = mostNanos;
    }

    long leftNanos() {
        return leftNanos;
    }

    void waited(long nanos) {
        leftNanos -= nanos;
    }

    void received(int bytes) {
        double earned = limits.leastRate() == 0
                ? (double) mostNanos
                : (double) TimeUnit.SECONDS.toNanos(bytes) / limits.leastRate();
        leftNanos = (long) Math.min((double) mostNanos, leftNanos + earned);
    }

    /** @throws Problem 408 if the client may not let us wait any longer */
    void requireTime() {
        if (leftNanos <= 0) {
            throw new Problem(
                    408,
                    "body-too-slow",
                    "the body paused for " + limits.idle().toMillis() + " ms (saga.http.idle-timeout), or fell behind "
                            + limits.leastRate()
                            + " bytes a second for so long (saga.http.min-rate); nothing was kept, send it again");
        }
    }
}
