package dev.streamingsaga.journal;

import java.util.EnumSet;
import java.util.Set;

/**
 * Which sagas to list, and from where on.
 *
 * @param states only sagas in one of these
 * @param attention only sagas that need a person: see {@link SagaRecord#needsAttention}
 * @param text only sagas whose file name, ids, state or reason contain it, in upper or lower case; empty: all
 * @param from the saga before the first one of the page; empty: from the beginning
 * @param oldestFirst by the time they were received; otherwise newest first
 */
public record SagaQuery(Set<SagaState> states, boolean attention, String text, String from, boolean oldestFirst) {

    public static final SagaQuery ALL = new SagaQuery(EnumSet.allOf(SagaState.class), false, "", "", false);

    public SagaQuery {
        states = Set.copyOf(states);
    }

    public SagaQuery in(Set<SagaState> only) {
        return new SagaQuery(only, attention, text, from, oldestFirst);
    }

    public SagaQuery needingAttention() {
        return new SagaQuery(states, true, text, from, oldestFirst);
    }

    public SagaQuery containing(String wanted) {
        return new SagaQuery(states, attention, wanted, from, oldestFirst);
    }

    /** Newest first, from the one received before {@code sagaId} on. */
    public SagaQuery before(String sagaId) {
        return new SagaQuery(states, attention, text, sagaId, false);
    }

    /** Oldest first, from the one received after {@code sagaId} on. */
    public SagaQuery after(String sagaId) {
        return new SagaQuery(states, attention, text, sagaId, true);
    }
}
