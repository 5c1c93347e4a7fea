package dev.streamingsaga.journal;

import java.util.List;

/**
 * An event that is journaled in the transaction of what it tells of.
 *
 * @param detail the alert as JSON, for whoever is to be told of it; empty if nobody is
 */
public record EventDraft(Event.EventKind kind, String step, String message, String detail) {

    /** What is to be journaled about residue; asked inside the transaction, so it only looks. */
    @FunctionalInterface
    public interface OnResidue {
        /** With PARTIALLY_COMPENSATED. */
        List<EventDraft> about(List<CleanupEntry> open);

        /** With the attempt that was the last one at these entries. */
        default List<EventDraft> blocked(List<CleanupEntry> givenUp) {
            return List.of();
        }
    }
}
