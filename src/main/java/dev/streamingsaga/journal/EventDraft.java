package dev.streamingsaga.journal;

import java.util.List;

/**
 * An event that is journaled in the same transaction as the change that it reports.
 *
 * @param detail the alert to deliver, as JSON; empty if there is none
 */
public record EventDraft(Event.EventKind kind, String step, String message, String detail) {

    /** Supplies the events about residue. Called inside the transaction, so it must not have side effects. */
    @FunctionalInterface
    public interface OnResidue {
        /** Events that are journaled with PARTIALLY_COMPENSATED. */
        List<EventDraft> about(List<CleanupEntry> open);

        /** Events that are journaled when these entries have had their last attempt. */
        default List<EventDraft> blocked(List<CleanupEntry> givenUp) {
            return List.of();
        }
    }
}
