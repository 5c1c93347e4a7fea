package dev.streamingsaga.journal;

/** From one state to the next: only legal moves, only by the run that owns the saga. To be called in a transaction. */
final class StateTransitions {
    private final JournalDatabase db;
    private final SagaRows sagas;
    private final EventRows events;
    private final long leaseMillis;

    StateTransitions(JournalDatabase db, SagaRows sagas, EventRows events, long leaseMillis) {
        this.db = db;
        this.sagas = sagas;
        this.events = events;
        this.leaseMillis = leaseMillis;
    }

    /** Until when what is renewed now is ours. */
    long leaseEnd() {
        return db.now() + leaseMillis;
    }

    /** @return rows changed: 0 if the move is not legal, or somebody else was quicker */
    int transition(String sagaId, SagaState from, SagaState to, int run) {
        if (!from.canTransitionTo(to)) {
            return 0;
        }
        int moved = db.sql
                .sql("UPDATE saga SET state = ?, updated_at = ?, lease_until = ?"
                        + " WHERE saga_id = ? AND state = ? AND run = ?")
                .params(to.name(), db.now(), leaseEnd(), sagaId, from.name(), run)
                .update();
        if (moved == 1 && from != to) {
            recordTransition(sagaId, from, to);
        }
        return moved;
    }

    /** Puts a new state into the saga's history, and tells of it once that is committed. */
    void recordTransition(String sagaId, SagaState from, SagaState to) {
        events.append(sagaId, Event.EventKind.STATE, "", to.name(), "");
        SagaRecord saga = sagas.get(sagaId);
        JournalDatabase.afterCommit(() -> {
            StateLog.moved(saga, from, db.clock.instant());
            db.watcher.stateChanged(saga, from);
        });
    }

    /** Also makes whoever wants to take the saga over wait for this transaction. */
    void owned(String sagaId, int run) {
        fenced(
                db.sql
                        .sql("UPDATE saga SET updated_at = ? WHERE saga_id = ? AND run = ?")
                        .params(db.now(), sagaId, run)
                        .update(),
                sagaId,
                run);
    }

    /** @throws SagaException unless the conditional update changed its one row: what the run may not do any more */
    void fenced(int updated, String sagaId, int run) {
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
