package dev.streamingsaga.operations;

import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupRepository;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.recovery.Recovery;
import dev.streamingsaga.saga.SagaEngine;
import java.util.List;

/** Executes operations on clean-up entries in this process. */
final class Cleanups {
    private final Journal journal;
    private final SagaEngine engine;
    private final Recovery recovery;

    Cleanups(Journal journal, SagaEngine engine, Recovery recovery) {
        this.journal = journal;
        this.engine = engine;
        this.recovery = recovery;
    }

    /**
     * @throws UnknownCleanupException if there is no such entry
     * @throws CleanupClosedException if it is closed
     */
    static CleanupEntry open(CleanupRepository cleanups, String cleanupId) {
        CleanupEntry entry = cleanups.find(cleanupId).orElseThrow(() -> new UnknownCleanupException(cleanupId));
        if (!entry.state().isOpen()) {
            throw new CleanupClosedException(entry);
        }
        return entry;
    }

    CleanupOutcome retry(String cleanupId) {
        CleanupEntry entry = open(journal.cleanups(), cleanupId);
        return outcome(entry.sagaId(), engine.retry(entry));
    }

    CleanupOutcome resolve(String cleanupId, String reason) {
        CleanupEntry entry = open(journal.cleanups(), cleanupId);
        return resolve(entry.sagaId(), List.of(entry), reason);
    }

    CleanupOutcome resolveStep(String cleanupId, String reason) {
        CleanupEntry entry = open(journal.cleanups(), cleanupId);
        List<CleanupEntry> entries = openOf(entry.sagaId()).stream()
                .filter(other -> other.step().equals(entry.step()))
                .toList();
        return resolve(entry.sagaId(), entries, reason);
    }

    private CleanupOutcome resolve(String sagaId, List<CleanupEntry> entries, String reason) {
        engine.resolve(entries, reason);
        return outcome(sagaId, openOf(sagaId));
    }

    private List<CleanupEntry> openOf(String sagaId) {
        return journal.cleanups().of(sagaId).stream()
                .filter(entry -> entry.state().isOpen())
                .toList();
    }

    private CleanupOutcome outcome(String sagaId, List<CleanupEntry> open) {
        return new CleanupOutcome(journal.sagas().find(sagaId).orElseThrow(), open);
    }

    void executeRequest(String cleanupId) {
        journal.cleanups().pendingCommands().stream()
                .filter(command -> command.entry().cleanupId().equals(cleanupId))
                .forEach(recovery::execute);
    }
}
