package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;

/** States of one step in one saga. RESIDUE: compensated as far as possible, clean-up entries hold the rest. */
@PublicApi
public enum StepState {
    PENDING,
    WRITING,
    WRITTEN,
    SKIPPED,
    COMPENSATING,
    COMPENSATED,
    RESIDUE
}
