package dev.streamingsaga.api;

import dev.streamingsaga.config.EndpointConfig.HttpLimits;
import java.util.concurrent.TimeUnit;

/**
 * The time budget of a client that sends a body. It starts at {@code saga.http.idle-timeout}. Waiting for bytes
 * consumes it, and each received byte restores the time it takes at {@code saga.http.min-rate}, up to the initial
 * budget. So one long pause is allowed, but not a body that trickles in for ever. Time in which the server does not
 * read, for example because the disk is slow, does not count. Not thread-safe.
 */
final class Pace {
    private final HttpLimits limits;
    private final long maxNanos;
    private long remainingNanos;

    Pace(HttpLimits limits) {
        this.limits = limits;
        this.maxNanos = limits.idle().toNanos();
        this.remainingNanos = maxNanos;
    }

    long remainingNanos() {
        return remainingNanos;
    }

    void waited(long nanos) {
        remainingNanos -= nanos;
    }

    void received(int bytes) {
        double earned = limits.leastRate() == 0
                ? (double) maxNanos
                : (double) TimeUnit.SECONDS.toNanos(bytes) / limits.leastRate();
        remainingNanos = (long) Math.min((double) maxNanos, remainingNanos + earned);
    }

    /** @throws Problem 408 if the budget is used up */
    void requireTime() {
        if (remainingNanos <= 0) {
            throw new Problem(
                    408,
                    "body-too-slow",
                    "the body paused for " + limits.idle().toMillis() + " ms (saga.http.idle-timeout), or fell behind "
                            + limits.leastRate()
                            + " bytes a second for so long (saga.http.min-rate); nothing was kept, send it again");
        }
    }
}
