package dev.streamingsaga.journal;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.annotation.PublicApi;
import java.util.EnumSet;
import java.util.Set;

/**
 * Which sagas to list, and where the page begins.
 *
 * @param states only sagas in one of these
 * @param attention only sagas that need a person: see {@link SagaRecord#needsAttention}
 * @param text only sagas whose file name, ids, state or reason contain it, in upper or lower case; empty: all
 * @param filter only sagas that meet these conditions
 * @param from the saga before the first one of the page; empty: from the beginning
 * @param oldestFirst in the order in which they were received; otherwise newest first
 */
@PublicApi
public record SagaQuery(
        Set<SagaState> states, boolean attention, String text, SagaFilter filter, String from, boolean oldestFirst) {

    public static final SagaQuery ALL =
            new SagaQuery(EnumSet.allOf(SagaState.class), false, "", SagaFilter.NONE, "", false);

    public SagaQuery {
        states = Set.copyOf(states);
    }

    public SagaQuery in(Set<SagaState> only) {
        return new SagaQuery(only, attention, text, filter, from, oldestFirst);
    }

    public SagaQuery needingAttention() {
        return new SagaQuery(states, true, text, filter, from, oldestFirst);
    }

    public SagaQuery containing(String searched) {
        return new SagaQuery(states, attention, searched, filter, from, oldestFirst);
    }

    public SagaQuery filtered(SagaFilter conditions) {
        return new SagaQuery(states, attention, text, conditions, from, oldestFirst);
    }

    /** Only sagas whose document the limit permits. */
    public SagaQuery within(AccessLimit limit) {
        return filtered(filter.within(limit));
    }

    /** With any warning, or those of the filter if it names a kind. */
    public SagaQuery withWarnings() {
        return filter.warned() ? this : filtered(filter.withWarnings());
    }

    /** Newest first, beginning with the saga received before {@code sagaId}. */
    public SagaQuery before(String sagaId) {
        return new SagaQuery(states, attention, text, filter, sagaId, false);
    }

    /** Oldest first, beginning with the saga received after {@code sagaId}. */
    public SagaQuery after(String sagaId) {
        return new SagaQuery(states, attention, text, filter, sagaId, true);
    }

    /** The next page in the same order, beginning after {@code sagaId}. */
    public SagaQuery next(String sagaId) {
        return oldestFirst ? after(sagaId) : before(sagaId);
    }

    /** Whether it selects every saga. */
    public boolean isEverySaga() {
        return !attention
                && text.isBlank()
                && filter.equals(SagaFilter.NONE)
                && states.size() == SagaState.values().length;
    }
}
