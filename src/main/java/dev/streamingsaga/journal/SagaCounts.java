package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.util.Map;

/**
 * How many sagas and open clean-up entries there are, over all processes.
 *
 * @param sagas by state; a state without sagas is absent
 * @param attention sagas that need a person: see {@link SagaRecord#needsAttention}
 * @param warned sagas with warnings about the text of their document
 */
@PublicApi
public record SagaCounts(
        Map<SagaState, Long> sagas, long attention, long warned, long pendingCleanups, long blockedCleanups) {

    public long in(SagaState state) {
        return sagas.getOrDefault(state, 0L);
    }

    public long openCleanups() {
        return pendingCleanups + blockedCleanups;
    }

    public long all() {
        return sagas.values().stream().mapToLong(Long::longValue).sum();
    }
}
