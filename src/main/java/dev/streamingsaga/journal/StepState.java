package dev.streamingsaga.journal;

/** States of one step in one saga. RESIDUE: compensated as far as possible, clean-up entries hold the rest. */
public enum StepState {
    PENDING,
    WRITING,
    WRITTEN,
    SKIPPED,
    COMPENSATING,
    COMPENSATED,
    RESIDUE
}
