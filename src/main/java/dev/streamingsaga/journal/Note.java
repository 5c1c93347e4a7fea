package dev.streamingsaga.journal;

import java.util.List;

/**
 * An event that is journaled in the transaction of what it tells of.
 *
 * @param detail the alert as JSON, for whoever is to be told of it; empty if nobody is
 */
public record Note(Event.Kind kind, String step, String message, String detail) {

    /** What is to be journaled with PARTIALLY_COMPENSATED; asked inside the transaction, so it only looks. */
    @FunctionalInterface
    public interface OnResidue {
        List<Note> about(List<CleanupEntry> open);
    }
}
