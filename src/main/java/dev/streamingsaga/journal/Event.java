package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.time.Instant;

/**
 * An entry in a saga's history, ordered by {@code eventId}.
 *
 * @param step empty if it concerns the saga as a whole
 * @param detail JSON for the reports, or empty
 */
@PublicApi
public record Event(
        String eventId, String sagaId, Instant at, Event.EventKind kind, String step, String message, String detail) {
    public enum EventKind {
        STATE,
        ERROR,
        COMPENSATION_ERROR,
        CRITICAL,
        ALERT,
        RESOLVED
    }
}
