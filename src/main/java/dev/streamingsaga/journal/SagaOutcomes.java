package dev.streamingsaga.journal;

import dev.streamingsaga.journal.CleanupRepository.Residue;
import dev.streamingsaga.journal.CleanupRepository.RetryPolicy;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/** Outcomes of sagas, and what remains to be cleaned up. */
public final class SagaOutcomes {
    /** The repositories of the journal that outcomes involve. */
    record Repositories(
            JournalDatabase db,
            SagaRepository sagas,
            EventRepository events,
            StateTransitions transitions,
            SagaRegistration registration,
            StepRepository steps,
            CleanupRepository cleanups,
            Redeliveries redeliveries,
            DeletionRepository deletions) {}

    private final Repositories repositories;
    private final JournalDatabase db;

    SagaOutcomes(Repositories repositories) {
        this.repositories = repositories;
        this.db = repositories.db();
    }

    /**
     * Decides that the saga is COMPLETED, if every step is written. The decision is final, whatever arrives later.
     *
     * @return whether the saga is COMPLETED, by this call or an earlier one
     */
    public boolean complete(String sagaId, int run) {
        return completed(sagaId, run).isPresent();
    }

    /** As {@link #complete}; returns the saga if it is COMPLETED. */
    public Optional<SagaRecord> completed(String sagaId, int run) {
        return db.inTransaction(() -> {
            long now = db.now();
            Optional<SagaRecord> completed = db.sql
                    .sql("UPDATE saga SET state = 'COMPLETED', finished_at = ?, updated_at = ?"
                            + " WHERE saga_id = ? AND run = ? AND state = 'COMPLETING' AND NOT EXISTS"
                            + " (SELECT 1 FROM step WHERE step.saga_id = saga.saga_id"
                            + " AND step.state NOT IN ('WRITTEN','SKIPPED')) RETURNING *")
                    .params(now, now, sagaId, run)
                    .query(SagaRepository::saga)
                    .optional();
            if (completed.isPresent()) {
                repositories.registration().release(sagaId);
                repositories.transitions().recordTransition(completed.get(), SagaState.COMPLETING);
                return completed;
            }
            return repositories.sagas().find(sagaId).filter(saga -> saga.state() == SagaState.COMPLETED);
        });
    }

    /**
     * Records that the document is visible in every store.
     *
     * @return the saga as it is now
     */
    public Optional<SagaRecord> published(String sagaId) {
        return db.sql
                .sql("UPDATE saga SET published_at = ? WHERE saga_id = ? RETURNING *")
                .params(db.now(), sagaId)
                .query(SagaRepository::saga)
                .optional();
    }

    /** Marks the saga as replaced by a newer version, which is visible. */
    public void supersede(String sagaId, String bySagaId) {
        db.sql
                .sql("UPDATE saga SET superseded_by = ? WHERE saga_id = ? AND superseded_by IS NULL")
                .params(bySagaId, sagaId)
                .update();
    }

    /** As {@link #beginCompensation(String, int, CompensationCause)}, for a permanent cause. */
    public boolean beginCompensation(String sagaId, int run, Reason reason, String message) {
        return beginCompensation(sagaId, run, CompensationCause.permanent(reason, message));
    }

    /**
     * Decides that the saga is compensated. A saga that runs out of time while it waits for a dependency is so for a
     * transient reason.
     *
     * @return false if the saga is final or belongs to another run; nothing has changed then
     */
    public boolean beginCompensation(String sagaId, int run, CompensationCause cause) {
        Reason reason = cause.reason();
        String message = cause.message();
        return db.inTransaction(() -> {
            SagaState before = repositories.sagas().state(sagaId);
            int updated = db.sql
                    .sql("UPDATE saga SET state = 'COMPENSATING', reason = ?, message = ?, updated_at = ?,"
                            + " lease_until = ?, transient_failure = CASE WHEN ? = 1"
                            + " OR ? = 'TIMEOUT' AND waiting_for IS NOT NULL THEN 1 ELSE 0 END"
                            + " WHERE saga_id = ? AND run = ? AND state NOT IN "
                            + SagaRepository.finalAnd("COMPENSATING"))
                    .params(
                            reason.name(),
                            message,
                            db.now(),
                            repositories.transitions().leaseEnd(),
                            cause.isTransient() ? 1 : 0,
                            reason.name(),
                            sagaId,
                            run)
                    .update();
            if (updated == 1) {
                repositories.steps().stop(sagaId);
                repositories.transitions().recordTransition(sagaId, before);
                repositories.events().append(sagaId, Event.EventKind.ERROR, "", message, "");
                return true;
            }
            SagaRecord current = repositories.sagas().get(sagaId);
            return current.state() == SagaState.COMPENSATING && current.run() == run;
        });
    }

    /**
     * Records the result of an attempt to compensate a step. Residue becomes open clean-up entries; entries of the step
     * whose residue has been removed become DONE. When the last entry closes, PARTIALLY_COMPENSATED becomes
     * COMPENSATED. When residue appears after a complete compensation, COMPENSATED becomes PARTIALLY_COMPENSATED.
     *
     * @param residue supplies the events that are journaled with PARTIALLY_COMPENSATED
     */
    public void stepCompensated(
            SagaRecord saga, String step, StepCompensation result, RetryPolicy policy, EventDraft.OnResidue residue) {
        List<Residue> residues = result.residues();
        Set<String> remaining = residues.stream().map(Residue::resource).collect(Collectors.toSet());
        db.inTransaction(() -> {
            repositories
                    .steps()
                    .compensation(
                            saga.sagaId(),
                            saga.run(),
                            step,
                            residues.isEmpty() ? StepState.COMPENSATED : StepState.RESIDUE);
            List<CleanupEntry> blocked = residues.stream()
                    .map(piece -> repositories.cleanups().record(saga.sagaId(), step, piece, policy))
                    .flatMap(Optional::stream)
                    .toList();
            repositories.cleanups().of(saga.sagaId()).stream()
                    .filter(e -> e.step().equals(step) && e.state().isOpen() && !remaining.contains(e.resource()))
                    .forEach(e -> repositories.cleanups().done(e.cleanupId()));
            append(saga.sagaId(), result.drafts());
            reportBlocked(saga, blocked, residue);
            settle(saga.sagaId(), residue);
        });
    }

    /** Records one more piece of residue than the attempt to compensate the step found. */
    public void residue(SagaRecord saga, String step, Residue piece, RetryPolicy policy, EventDraft.OnResidue residue) {
        db.inTransaction(() -> {
            repositories.steps().compensation(saga.sagaId(), saga.run(), step, StepState.RESIDUE);
            reportBlocked(
                    saga,
                    repositories.cleanups().record(saga.sagaId(), step, piece, policy).stream()
                            .toList(),
                    residue);
        });
    }

    private void reportBlocked(SagaRecord saga, List<CleanupEntry> blocked, EventDraft.OnResidue residue) {
        if (!blocked.isEmpty()) {
            append(saga.sagaId(), residue.blocked(blocked));
        }
    }

    /** Closes an entry on an operator's decision. With the last one PARTIALLY_COMPENSATED becomes COMPENSATED. */
    public void resolve(CleanupEntry entry, String reason) {
        db.inTransaction(() -> {
            repositories.cleanups().resolved(entry.cleanupId(), reason);
            settle(entry.sagaId(), open -> List.of());
        });
    }

    /**
     * Open entries decide between COMPENSATED and PARTIALLY_COMPENSATED, and the last one ends a deletion; any other
     * state stays.
     */
    private void settle(String sagaId, EventDraft.OnResidue residue) {
        repositories.deletions().settle(sagaId);
        SagaRecord saga = repositories.sagas().get(sagaId);
        if (saga.state() == SagaState.PARTIALLY_COMPENSATED || saga.state() == SagaState.COMPENSATED) {
            finishCompensation(sagaId, saga.run(), residue);
        }
    }

    private void append(String sagaId, List<EventDraft> drafts) {
        drafts.forEach(draft ->
                repositories.events().append(sagaId, draft.kind(), draft.step(), draft.message(), draft.detail()));
    }

    /**
     * Records that the bucket was checked after the last write can have arrived. What it held was removed, or became a
     * clean-up entry.
     */
    public void lateWritesChecked(String sagaId) {
        db.sql
                .sql("UPDATE saga SET swept_at = ? WHERE saga_id = ?")
                .params(db.now(), sagaId)
                .update();
    }

    /**
     * Ends a compensation: PARTIALLY_COMPENSATED if clean-up entries are open, else COMPENSATED, which destroys the
     * data key of the saga.
     *
     * @param residue supplies the events that are journaled with PARTIALLY_COMPENSATED, in the same transaction
     * @return the saga's state, also if an earlier call has decided it
     */
    public SagaState finishCompensation(String sagaId, int run, EventDraft.OnResidue residue) {
        return db.inTransaction(() -> {
            repositories.transitions().requireOwned(sagaId, run);
            SagaState now = repositories.sagas().state(sagaId);
            SagaState outcome =
                    repositories.cleanups().open(sagaId) == 0 ? SagaState.COMPENSATED : SagaState.PARTIALLY_COMPENSATED;
            if (now == outcome || repositories.transitions().transition(sagaId, now, outcome, run) == 0) {
                return now;
            }
            db.sql
                    .sql("UPDATE saga SET finished_at = ? WHERE saga_id = ? AND finished_at IS NULL")
                    .params(db.now(), sagaId)
                    .update();
            repositories.registration().release(sagaId);
            if (outcome == SagaState.PARTIALLY_COMPENSATED) {
                append(
                        sagaId,
                        residue.about(repositories.cleanups().of(sagaId).stream()
                                .filter(e -> e.state().isOpen())
                                .toList()));
            } else {
                DocumentKeyRepository.destroyIfNothingIsLeft(db, sagaId);
            }
            repositories.redeliveries().decide(repositories.sagas().get(sagaId));
            return outcome;
        });
    }

    /**
     * Records that a store could not make the document visible. The attempt is repeated after a growing delay, without
     * a limit.
     *
     * @param drafts supplies the events that are journaled with it, given the number of attempts so far
     */
    public void notPublished(String sagaId, RetryPolicy policy, IntFunction<List<EventDraft>> drafts) {
        db.inTransaction(() -> {
            // An early one does not count as an attempt, such as the coordinator's callback beside our own call.
            int counted = db.sql
                    .sql("UPDATE saga SET publish_attempts = publish_attempts + 1 WHERE saga_id = ?"
                            + " AND publish_after <= ?")
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
                append(sagaId, drafts.apply(attempts));
            }
        });
    }
}
