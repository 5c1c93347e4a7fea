package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.util.EnumSet;
import java.util.Set;

/** States of a saga and the legal transitions between them; the journal rejects any other. */
@PublicApi
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

    /**
     * Whether the outcome is recorded. It stays as it is, except for residue: when the last is gone,
     * PARTIALLY_COMPENSATED becomes COMPENSATED, and when residue appears afterwards, COMPENSATED becomes
     * PARTIALLY_COMPENSATED.
     */
    public boolean isFinal() {
        return this == COMPLETED || this == COMPENSATED || this == PARTIALLY_COMPENSATED;
    }

    public boolean canTransitionTo(SagaState next) {
        return next == this || transitions().contains(next);
    }

    private Set<SagaState> transitions() {
        return switch (this) {
            case RECEIVED -> EnumSet.of(UPLOADING, PAUSED, COMPENSATING);
            case UPLOADING -> EnumSet.of(VERIFYING, PAUSED, COMPENSATING);
            case VERIFYING -> EnumSet.of(PROCESSING, PAUSED, COMPENSATING);
            case PROCESSING -> EnumSet.of(COMPLETING, PAUSED, COMPENSATING);
            case COMPLETING -> EnumSet.of(COMPLETED, PAUSED, COMPENSATING);
            case PAUSED -> EnumSet.of(RECEIVED, COMPENSATING);
            case COMPENSATING -> EnumSet.of(COMPENSATED, PARTIALLY_COMPENSATED);
            case PARTIALLY_COMPENSATED -> EnumSet.of(COMPENSATED);
            case COMPENSATED -> EnumSet.of(PARTIALLY_COMPENSATED);
            case COMPLETED -> EnumSet.noneOf(SagaState.class);
        };
    }
}
