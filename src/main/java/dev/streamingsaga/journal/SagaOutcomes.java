package dev.streamingsaga.journal;

import dev.streamingsaga.journal.CleanupEntries.Residue;
import dev.streamingsaga.journal.CleanupEntries.RetryPolicy;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/** How sagas end, and what is left of them. */
final class SagaOutcomes {
    /** What it needs of the journal's other parts. */
    record Parts(
            JournalDatabase db,
            SagaRows sagas,
            EventRows events,
            StateTransitions moves,
            SagaRegistration intake,
            StepRows steps,
            CleanupEntries cleanups) {}

    private final Parts parts;
    private final JournalDatabase db;

    SagaOutcomes(Parts parts) {
        this.parts = parts;
        this.db = parts.db();
    }

    boolean complete(String sagaId, int run) {
        return db.inTransaction(() -> {
            long now = db.now();
            int won = db.sql
                    .sql(
                            "UPDATE saga SET state = 'COMPLETED', finished_at = ?, updated_at = ?"
                                    + " WHERE saga_id = ? AND run = ? AND state = 'COMPLETING' AND NOT EXISTS"
                                    + " (SELECT 1 FROM step WHERE step.saga_id = saga.saga_id AND step.state NOT IN ('WRITTEN','SKIPPED'))")
                    .params(now, now, sagaId, run)
                    .update();
            if (won == 1) {
                parts.intake().release(sagaId);
                parts.moves().recordTransition(sagaId, SagaState.COMPLETING, SagaState.COMPLETED);
            }
            return won == 1 || parts.sagas().state(sagaId) == SagaState.COMPLETED;
        });
    }

    void published(String sagaId) {
        db.sql
                .sql("UPDATE saga SET published_at = ? WHERE saga_id = ?")
                .params(db.now(), sagaId)
                .update();
    }

    void supersede(String sagaId, String bySagaId) {
        db.sql
                .sql("UPDATE saga SET superseded_by = ? WHERE saga_id = ? AND superseded_by IS NULL")
                .params(bySagaId, sagaId)
                .update();
    }

    boolean beginCompensation(String sagaId, int run, Reason reason, String message) {
        return db.inTransaction(() -> {
            SagaState before = parts.sagas().state(sagaId);
            int won = db.sql
                    .sql(
                            "UPDATE saga SET state = 'COMPENSATING', reason = ?, message = ?, updated_at = ?, lease_until = ?"
                                    + " WHERE saga_id = ? AND run = ? AND state NOT IN "
                                    + SagaRows.finalAnd("COMPENSATING"))
                    .params(reason.name(), message, db.now(), parts.moves().leaseEnd(), sagaId, run)
                    .update();
            if (won == 1) {
                parts.steps().stop(sagaId);
                parts.moves().recordTransition(sagaId, before, SagaState.COMPENSATING);
                parts.events().append(sagaId, Event.EventKind.ERROR, "", message, "");
                return true;
            }
            SagaRecord now = parts.sagas().get(sagaId);
            return now.state() == SagaState.COMPENSATING && now.run() == run;
        });
    }

    void stepCompensated(
            SagaRecord saga, String step, StepCompensation undone, RetryPolicy policy, EventDraft.OnResidue residue) {
        List<Residue> left = undone.left();
        Set<String> stillThere = left.stream().map(Residue::resource).collect(Collectors.toSet());
        db.inTransaction(() -> {
            parts.steps()
                    .compensation(
                            saga.sagaId(),
                            saga.run(),
                            step,
                            left.isEmpty() ? StepState.COMPENSATED : StepState.RESIDUE);
            List<CleanupEntry> givenUp = left.stream()
                    .map(piece -> parts.cleanups().record(saga.sagaId(), step, piece, policy))
                    .flatMap(Optional::stream)
                    .toList();
            parts.cleanups().of(saga.sagaId()).stream()
                    .filter(e -> e.step().equals(step) && e.state().isOpen() && !stillThere.contains(e.resource()))
                    .forEach(e -> parts.cleanups().done(e.cleanupId()));
            append(saga.sagaId(), undone.notes());
            reportBlocked(saga, givenUp, residue);
            settle(saga.sagaId(), residue);
        });
    }

    void residue(SagaRecord saga, String step, Residue piece, RetryPolicy policy, EventDraft.OnResidue residue) {
        db.inTransaction(() -> {
            parts.steps().compensation(saga.sagaId(), saga.run(), step, StepState.RESIDUE);
            reportBlocked(
                    saga,
                    parts.cleanups().record(saga.sagaId(), step, piece, policy).stream()
                            .toList(),
                    residue);
        });
    }

    private void reportBlocked(SagaRecord saga, List<CleanupEntry> givenUp, EventDraft.OnResidue residue) {
        if (!givenUp.isEmpty()) {
            append(saga.sagaId(), residue.blocked(givenUp));
        }
    }

    void resolve(CleanupEntry entry, String why) {
        db.inTransaction(() -> {
            parts.cleanups().resolved(entry.cleanupId(), why);
            settle(entry.sagaId(), open -> List.of());
        });
    }

    /** What is open now decides between the two ways to be undone; whatever else the saga is, it stays. */
    private void settle(String sagaId, EventDraft.OnResidue residue) {
        SagaRecord saga = parts.sagas().get(sagaId);
        if (saga.state() == SagaState.PARTIALLY_COMPENSATED || saga.state() == SagaState.COMPENSATED) {
            finishCompensation(sagaId, saga.run(), residue);
        }
    }

    private void append(String sagaId, List<EventDraft> notes) {
        notes.forEach(note -> parts.events().append(sagaId, note.kind(), note.step(), note.message(), note.detail()));
    }

    void swept(String sagaId) {
        db.sql
                .sql("UPDATE saga SET swept_at = ? WHERE saga_id = ?")
                .params(db.now(), sagaId)
                .update();
    }

    SagaState finishCompensation(String sagaId, int run, EventDraft.OnResidue residue) {
        return db.inTransaction(() -> {
            parts.moves().owned(sagaId, run);
            SagaState now = parts.sagas().state(sagaId);
            SagaState outcome =
                    parts.cleanups().open(sagaId) == 0 ? SagaState.COMPENSATED : SagaState.PARTIALLY_COMPENSATED;
            if (now == outcome || parts.moves().transition(sagaId, now, outcome, run) == 0) {
                return now;
            }
            db.sql
                    .sql("UPDATE saga SET finished_at = ? WHERE saga_id = ? AND finished_at IS NULL")
                    .params(db.now(), sagaId)
                    .update();
            parts.intake().release(sagaId);
            if (outcome == SagaState.PARTIALLY_COMPENSATED) {
                append(
                        sagaId,
                        residue.about(parts.cleanups().of(sagaId).stream()
                                .filter(e -> e.state().isOpen())
                                .toList()));
            }
            return outcome;
        });
    }

    void notPublished(String sagaId, RetryPolicy policy, IntFunction<List<EventDraft>> notes) {
        db.inTransaction(() -> {
            // One that came before its time, say the coordinator's callback beside our own, is no attempt more.
            int counted = db.sql
                    .sql(
                            "UPDATE saga SET publish_attempts = publish_attempts + 1 WHERE saga_id = ? AND publish_after <= ?")
                    .params(sagaId, db.now())
                    .update();
            if (counted == 1) {
                int attempts = db.sql
                        .sql("SELECT publish_attempts FROM saga WHERE saga_id = ?")
                        .param(sagaId)
                        .query(Integer.class)
                        .single();
                db.sql
                        .sql("UPDATE saga SET publish_after = ? WHERE saga_id = ?")
                        .params(db.now() + policy.delayMillis(attempts), sagaId)
                        .update();
                append(sagaId, notes.apply(attempts));
            }
        });
    }
}
