package dev.streamingsaga.journal;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Sagas that no process runs, and that wait for the host that has their original: their chunks are not verified yet,
 * and no other host can read the source.
 */
public final class HostWaits {
    private static final String STALE =
            " WHERE saga_id = ? AND run = ? AND node = ? AND lease_until < ? AND state NOT IN "
                    + SagaRepository.finalAnd("PAUSED", "COMPENSATING");

    private final JournalDatabase db;
    private final SagaRepository sagas;
    private final EventRepository events;

    HostWaits(JournalDatabase db, SagaRepository sagas, EventRepository events) {
        this.db = db;
        this.sagas = sagas;
        this.events = events;
    }

    /**
     * Records that a stale saga waits for its host. When the wait begins, so does a new time limit, since no run has
     * one any more.
     *
     * @param reason the same each time, see {@link Waiting#reason}
     * @param next when this process looks at it again
     * @return the saga as it waits now; empty if a process has taken it over
     */
    public Optional<SagaRecord> await(SagaRecord stale, String reason, Instant next, Duration timeLimit) {
        return db.inTransaction(() -> {
            long now = db.now();
            int began = db.sql
                    .sql("UPDATE saga SET waiting_for = ?, waiting_since = ?, next_attempt_at = ?, deadline_at = ?,"
                            + " updated_at = ?" + STALE + " AND (waiting_for IS NULL OR waiting_for <> ?)")
                    .params(reason, now, next.toEpochMilli(), now + timeLimit.toMillis(), now)
                    .params(stale.sagaId(), stale.run(), stale.node(), now, reason)
                    .update();
            if (began == 1) {
                events.append(stale.sagaId(), Event.EventKind.STATE, "", reason, "");
            } else {
                db.sql
                        .sql("UPDATE saga SET next_attempt_at = ?" + STALE
                                + " AND waiting_for = ? AND next_attempt_at < ?")
                        .params(next.toEpochMilli(), stale.sagaId(), stale.run(), stale.node(), now, reason, now)
                        .update();
            }
            return sagas.find(stale.sagaId())
                    .filter(saga -> saga.run() == stale.run() && saga.node().equals(stale.node()));
        });
    }

    /**
     * Journals an alert, one for each host that is away: on its oldest saga that waits, however many processes ask.
     *
     * @return whether it was journaled now
     */
    public boolean alert(SagaRecord waiting, EventDraft alert) {
        String host = waiting.origin().host();
        return db.inTransaction(() -> {
            int first = db.sql
                    .sql("UPDATE saga SET host_alerted_at = ? WHERE saga_id = ? AND run = ? AND waiting_for IS NOT NULL"
                            + " AND state NOT IN " + SagaRepository.FINAL
                            + " AND NOT EXISTS (SELECT 1 FROM saga alerted WHERE alerted.source_host = ?"
                            + " AND alerted.host_alerted_at IS NOT NULL"
                            + " AND alerted.host_alerted_at >= saga.waiting_since)"
                            + " AND NOT EXISTS (SELECT 1 FROM saga older WHERE older.source_host = ?"
                            + " AND older.state NOT IN " + SagaRepository.FINAL
                            + " AND older.waiting_for = saga.waiting_for AND older.saga_id < saga.saga_id)")
                    .params(db.now(), waiting.sagaId(), waiting.run(), host, host)
                    .update();
            if (first == 1) {
                events.append(waiting.sagaId(), alert.kind(), alert.step(), alert.message(), alert.detail());
            }
            return first == 1;
        });
    }
}
