package dev.streamingsaga.config;

import java.time.Instant;
import java.time.Period;
import java.time.ZoneOffset;

/** How long something is kept, as an ISO 8601 period such as {@code P90D} or {@code P10Y}. */
public record RetentionPeriod(Period period) {
    /** @throws IllegalArgumentException if the text is no such period, or is zero */
    public static RetentionPeriod parse(String text) {
        try {
            Period period = Period.parse(text);
            if (period.isZero() || period.isNegative()) {
                throw new IllegalArgumentException(text);
            }
            return new RetentionPeriod(period);
        } catch (java.time.DateTimeException | ArithmeticException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    /** What is older than this has been kept long enough. Days and months are those of UTC. */
    public Instant before(Instant now) {
        return now.atZone(ZoneOffset.UTC).minus(period).toInstant();
    }

    /** In ISO 8601. */
    @Override
    public String toString() {
        return period.toString();
    }
}
