package dev.streamingsaga.journal;

import dev.streamingsaga.audit.Actor;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.audit.AuditLog;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** State transitions: only legal ones, and only by the run that owns the saga. Call them in a transaction. */
final class StateTransitions {
    private final JournalDatabase db;
    private final SagaRepository sagas;
    private final EventRepository events;
    private final AuditLog audit;
    private final long leaseMillis;

    StateTransitions(
            JournalDatabase db, SagaRepository sagas, EventRepository events, AuditLog audit, long leaseMillis) {
        this.db = db;
        this.sagas = sagas;
        this.events = events;
        this.audit = audit;
        this.leaseMillis = leaseMillis;
    }

    /** When a lease ends that is renewed now. */
    long leaseEnd() {
        return db.now() + leaseMillis;
    }

    /** @return rows changed: 0 if the transition is not legal, or another process was faster */
    int transition(String sagaId, SagaState from, SagaState to, int run) {
        if (!from.canTransitionTo(to)) {
            return 0;
        }
        Optional<SagaRecord> updated = db.sql
                .sql("UPDATE saga SET state = ?, updated_at = ?, lease_until = ?"
                        + " WHERE saga_id = ? AND state = ? AND run = ? RETURNING *")
                .params(to.name(), db.now(), leaseEnd(), sagaId, from.name(), run)
                .query(SagaRepository::saga)
                .optional();
        updated.filter(saga -> from != to).ifPresent(saga -> recordTransition(saga, from));
        return updated.isPresent() ? 1 : 0;
    }

    /** As below, for a saga whose record is not at hand. */
    void recordTransition(String sagaId, SagaState from) {
        recordTransition(sagas.get(sagaId), from);
    }

    /** Appends the new state to the saga's history, and notifies the listener once it is committed. */
    void recordTransition(SagaRecord saga, SagaState from) {
        events.append(saga.sagaId(), Event.EventKind.STATE, "", saga.state().name(), "");
        if (saga.state().isFinal()) {
            recordOutcome(saga);
        }
        JournalDatabase.afterCommit(() -> {
            StateLog.changed(saga, from, db.clock.instant());
            db.listener.stateChanged(saga, from);
        });
    }

    private void recordOutcome(SagaRecord saga) {
        Map<String, String> details = new LinkedHashMap<>();
        details.put("state", saga.state().name());
        saga.reason().ifPresent(reason -> details.put("reason", reason.name()));
        audit.record(
                Actor.system("saga"),
                AuditAction.OUTCOME,
                saga.document().map(Document::documentId).orElse(null),
                saga.sagaId(),
                details);
    }

    /** Requires that the run owns the saga. A takeover waits for this transaction. */
    void requireOwned(String sagaId, int run) {
        requireUpdated(
                db.sql
                        .sql("UPDATE saga SET updated_at = ? WHERE saga_id = ? AND run = ?")
                        .params(db.now(), sagaId, run)
                        .update(),
                sagaId,
                run);
    }

    /** @throws SagaException unless the conditional update changed its one row: the run may no longer do it */
    void requireUpdated(int updated, String sagaId, int run) {
        if (updated != 1) {
            SagaRecord saga = sagas.get(sagaId);
            throw saga.run() == run
                    ? revoked(sagaId)
                    : new SagaException(
                            Reason.CANCELLED,
                            "run " + run + " of saga " + sagaId + " was taken over by run " + saga.run()
                                    + "; it stops here");
        }
    }

    SagaException revoked(String sagaId) {
        SagaRecord saga = sagas.get(sagaId);
        return new SagaException(
                saga.reason().orElse(Reason.CANCELLED),
                "saga " + sagaId + " is " + saga.state() + "; the step stops here");
    }
}
