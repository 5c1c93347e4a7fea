package dev.streamingsaga.journal;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What the journal counts, over all processes and restarts.
 *
 * @param sagas by state; a state that no saga is in is missing
 * @param storedBytes of all documents that were completed
 * @param resumedBytes that later runs found in the bucket and did not send again
 * @param unpublished completed, but not visible in every store yet
 * @param leftSomething sagas whose compensation could not remove everything at once
 * @param chunkCleanups open entries of the bucket
 * @param oldestCleanup when the oldest open entry was made
 */
public record JournalStatistics(
        Map<SagaState, Long> sagas,
        long storedBytes,
        long resumedBytes,
        long unpublished,
        long leftSomething,
        long pendingCleanups,
        long blockedCleanups,
        long chunkCleanups,
        Optional<Instant> oldestCleanup) {

    public static final JournalStatistics NONE = new JournalStatistics(Map.of(), 0, 0, 0, 0, 0, 0, 0, Optional.empty());

    public long in(SagaState state) {
        return sagas.getOrDefault(state, 0L);
    }

    public long received() {
        return sagas.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Sagas that ended undone, residue or not. */
    public long compensated() {
        return in(SagaState.COMPENSATED) + in(SagaState.PARTIALLY_COMPENSATED);
    }
}
