package dev.streamingsaga.journal;

import dev.streamingsaga.journal.CleanupEntries.Residue;
import java.util.List;

/**
 * What an attempt to undo a step came to.
 *
 * @param left what is still there; empty: nothing
 * @param notes journaled with it
 */
public record Undone(List<Residue> left, List<Note> notes) {
    /** Nothing is left. */
    public static final Undone CLEAN = new Undone(List.of(), List.of());
}
