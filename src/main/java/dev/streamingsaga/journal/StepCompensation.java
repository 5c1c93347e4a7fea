package dev.streamingsaga.journal;

import dev.streamingsaga.journal.CleanupEntries.Residue;
import java.util.List;

/**
 * What an attempt to undo a step came to.
 *
 * @param left what is still there; empty: nothing
 * @param notes journaled with it
 */
public record StepCompensation(List<Residue> left, List<EventDraft> notes) {
    /** Nothing is left. */
    public static final StepCompensation CLEAN = new StepCompensation(List.of(), List.of());
}
