package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.time.Instant;

/**
 * The sagas that ended within one hour.
 *
 * @param from the beginning of the hour (UTC)
 * @param completed sagas that stored their document
 * @param bytes of these documents
 * @param compensated sagas that failed or were cancelled, wholly or partially compensated
 */
@PublicApi
public record HourlyTotal(Instant from, long completed, long bytes, long compensated) {}
