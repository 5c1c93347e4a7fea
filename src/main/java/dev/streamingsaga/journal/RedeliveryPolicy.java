package dev.streamingsaga.journal;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * When a document is delivered again: after {@code firstDelay}, then after twice the previous delay each time, at most
 * an hour, with jitter.
 *
 * @param max redeliveries of a document; 0: none
 * @param until time after its first delivery in which another one may become due
 */
public record RedeliveryPolicy(int max, Duration firstDelay, Duration until) {
    public static final RedeliveryPolicy OFF = new RedeliveryPolicy(0, Duration.ZERO, Duration.ZERO);

    private static final Duration MAX_DELAY = Duration.ofHours(1);
    private static final double JITTER = 0.2;

    long delayMillis(int attempt) {
        long millis = Math.min(MAX_DELAY.toMillis(), firstDelay.toMillis() << Math.min(attempt - 1, 20));
        return (long) (millis * (1 + JITTER * (ThreadLocalRandom.current().nextDouble() * 2 - 1)));
    }
}
