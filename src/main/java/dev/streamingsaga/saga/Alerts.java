package dev.streamingsaga.saga;

import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.EventDraft;
import dev.streamingsaga.journal.SagaRecord;
import java.util.List;

/**
 * Who hears of what needs attention. An alert is worded first, journaled together with what it tells of, and told after
 * that: whatever happens in between, it is on record. Implementations don't throw: an alert must not fail a
 * compensation.
 */
public interface Alerts {
    /**
     * Words the alert for residue that a compensation, or a late write, left. Called inside the journal's transaction:
     * no side effects.
     */
    List<EventDraft> residue(SagaRecord saga, List<CleanupEntry> open);

    /**
     * Words the alert for residue that is not retried any more: a person has to do something. Called as
     * {@link #residue}.
     */
    List<EventDraft> blocked(SagaRecord saga, List<CleanupEntry> givenUp);

    /** Words what is journaled when undoing a step crashed: not a refusal, but a failure of the undoing itself. */
    List<EventDraft> crashed(SagaRecord saga, String step, String error);

    /**
     * Words what is journaled when a COMPLETED saga's document could not be turned visible for {@code attempts} times.
     */
    List<EventDraft> notVisible(SagaRecord saga, String store, String error, int attempts);

    /**
     * Words what is journaled about a file that is not any more what its saga stored.
     *
     * @param critical nothing is done about it by itself
     */
    List<EventDraft> sourceChanged(SagaRecord saga, String message, String action, boolean critical);

    /** Tells whom it may concern of what is journaled about a saga by now, and brings the reports up to date. */
    void deliver(String sagaId);

    /** Tells again what could not be told, at growing intervals: to be called now and then. */
    void redeliver();
}
