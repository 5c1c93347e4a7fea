package dev.streamingsaga.journal;

import dev.streamingsaga.journal.ArchiveRepository.ArchivedTotal;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Counts from the journal, over all processes and restarts, including sagas that were archived and removed.
 *
 * @param sagas by state; a state without sagas is absent
 * @param storedBytes of all completed documents
 * @param resumedBytes bytes that later runs found in the bucket and did not send again
 * @param unpublished sagas that are completed, but not visible in every store yet
 * @param withResidue sagas whose compensation could not remove everything at once
 * @param chunkCleanups open entries of the bucket
 * @param oldestCleanup when the oldest open entry was created
 * @param redeliveries sagas that delivered a document again
 * @param deletions of documents, finished or not
 * @param unfinishedDeletions those that may have left data somewhere
 */
public record JournalStatistics(
        Map<SagaState, Long> sagas,
        long storedBytes,
        long resumedBytes,
        long unpublished,
        long withResidue,
        long pendingCleanups,
        long blockedCleanups,
        long chunkCleanups,
        Optional<Instant> oldestCleanup,
        long redeliveries,
        long deletions,
        long unfinishedDeletions) {

    public static final JournalStatistics NONE =
            new JournalStatistics(Map.of(), 0, 0, 0, 0, 0, 0, 0, Optional.empty(), 0, 0, 0);

    JournalStatistics with(ArchivedTotal archived) {
        Map<SagaState, Long> all = new EnumMap<>(SagaState.class);
        all.putAll(sagas);
        all.merge(archived.state(), archived.sagas(), Long::sum);
        return new JournalStatistics(
                Map.copyOf(all),
                storedBytes + archived.bytes(),
                resumedBytes + archived.resumedBytes(),
                unpublished,
                withResidue + archived.withResidue(),
                pendingCleanups,
                blockedCleanups,
                chunkCleanups,
                oldestCleanup,
                redeliveries + archived.redeliveries(),
                deletions,
                unfinishedDeletions);
    }

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
