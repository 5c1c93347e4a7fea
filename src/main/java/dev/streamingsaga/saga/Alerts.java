package dev.streamingsaga.saga;

import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.EventDraft;
import dev.streamingsaga.journal.SagaRecord;
import java.time.Instant;
import java.util.List;

/**
 * Alerts about what needs attention. An alert is first created, then journaled together with the change that it
 * reports, and delivered after that, so that a crash in between does not lose it. Implementations do not throw: an
 * alert must not make a compensation fail.
 */
public interface Alerts {
    /**
     * Creates the alert for residue of a compensation or of a late write. Called inside the journal's transaction: no
     * side effects.
     */
    List<EventDraft> residue(SagaRecord saga, List<CleanupEntry> open);

    /** Creates the alert for residue that is no longer retried and needs a person. Called like {@link #residue}. */
    List<EventDraft> blocked(SagaRecord saga, List<CleanupEntry> blocked);

    /**
     * Creates the events for a compensation of a step that crashed: the store did not refuse, its compensation itself
     * failed.
     */
    List<EventDraft> crashed(SagaRecord saga, String step, String error);

    /**
     * Creates the events for a COMPLETED saga whose document could not be made visible in {@code attempts} attempts.
     */
    List<EventDraft> notVisible(SagaRecord saga, String store, String error, int attempts);

    /** Creates the alert for what a deletion could not remove. Called like {@link #residue}. */
    List<EventDraft> notDeleted(SagaRecord saga, List<CleanupEntry> open);

    /**
     * Creates the events for a file that differs from what its saga stored.
     *
     * @param critical whether a person has to act
     */
    List<EventDraft> sourceChanged(SagaRecord saga, String message, String action, boolean critical);

    /**
     * Creates the alert for a host whose original a saga has waited for as long as {@code saga.source.host-patience}.
     *
     * @param host its readable name
     * @param since when the wait began
     */
    EventDraft sourceHostAway(SagaRecord saga, String host, Instant since);

    /** Delivers the alerts that are journaled for a saga, and updates the reports. */
    void deliver(String sagaId);

    /** Delivers again what could not be delivered, at growing intervals. Call it periodically. */
    void redeliver();
}
