package dev.streamingsaga.journal;

import java.util.EnumSet;
import java.util.Set;

/** States of a saga and their legal moves; the journal refuses any other. */
public enum SagaState {
    RECEIVED,
    UPLOADING,
    VERIFYING,
    PROCESSING,
    COMPLETING,
    COMPLETED,
    PAUSED,
    COMPENSATING,
    COMPENSATED,
    PARTIALLY_COMPENSATED;

    /** The outcome is recorded; only the last residue's end still moves PARTIALLY_COMPENSATED to COMPENSATED. */
    public boolean isFinal() {
        return this == COMPLETED || this == COMPENSATED || this == PARTIALLY_COMPENSATED;
    }

    public boolean mayBecome(SagaState next) {
        return next == this || moves().contains(next);
    }

    private Set<SagaState> moves() {
        return switch (this) {
            case RECEIVED -> EnumSet.of(UPLOADING, PAUSED, COMPENSATING);
            case UPLOADING -> EnumSet.of(VERIFYING, PAUSED, COMPENSATING);
            case VERIFYING -> EnumSet.of(PROCESSING, PAUSED, COMPENSATING);
            case PROCESSING -> EnumSet.of(COMPLETING, PAUSED, COMPENSATING);
            case COMPLETING -> EnumSet.of(COMPLETED, PAUSED, COMPENSATING);
            case PAUSED -> EnumSet.of(RECEIVED, COMPENSATING);
            case COMPENSATING -> EnumSet.of(COMPENSATED, PARTIALLY_COMPENSATED);
            case PARTIALLY_COMPENSATED -> EnumSet.of(COMPENSATED);
            case COMPLETED, COMPENSATED -> EnumSet.noneOf(SagaState.class);
        };
    }
}
