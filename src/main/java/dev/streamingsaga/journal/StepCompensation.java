package dev.streamingsaga.journal;

import dev.streamingsaga.journal.CleanupRepository.Residue;
import java.util.List;

/**
 * The result of an attempt to compensate a step.
 *
 * @param residues what could not be removed; empty if everything was
 * @param drafts events that are journaled with it
 */
public record StepCompensation(List<Residue> residues, List<EventDraft> drafts) {
    /** No residue. */
    public static final StepCompensation CLEAN = new StepCompensation(List.of(), List.of());
}
