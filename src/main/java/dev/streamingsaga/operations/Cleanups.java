package dev.streamingsaga.operations;

import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupRepository;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.recovery.Recovery;
import dev.streamingsaga.saga.SagaEngine;
import java.util.List;
import java.util.Map;

/** Executes operations on clean-up entries in this process. */
final class Cleanups {
    private final Journal journal;
    private final SagaEngine engine;
    private final Recovery recovery;
    private final Visibility visibility;
    private final AuditTrail trail;

    Cleanups(OperatorComponents components, Visibility visibility, AuditTrail trail) {
        this.journal = components.journal();
        this.engine = components.engine();
        this.recovery = components.recovery();
        this.visibility = visibility;
        this.trail = trail;
    }

    /**
     * @throws UnknownCleanupException if there is no such entry
     * @throws CleanupClosedException if it is closed
     */
    static CleanupEntry open(CleanupRepository cleanups, Visibility visibility, String cleanupId) {
        CleanupEntry entry = cleanups.find(cleanupId)
                .filter(found -> visibility.permits(found.sagaId()))
                .orElseThrow(() -> new UnknownCleanupException(cleanupId));
        if (!entry.state().isOpen()) {
            throw new CleanupClosedException(entry);
        }
        return entry;
    }

    /** What the audit log says about an entry. */
    static Map<String, String> details(CleanupEntry entry, String reason) {
        return reason.isEmpty()
                ? Map.of("cleanupId", entry.cleanupId(), "step", entry.step())
                : Map.of("cleanupId", entry.cleanupId(), "step", entry.step(), "reason", reason);
    }

    CleanupOutcome retry(String cleanupId) {
        CleanupEntry entry = open(journal.cleanups(), visibility, cleanupId);
        trail.record(AuditAction.RETRY, null, entry.sagaId(), details(entry, ""));
        return outcome(entry.sagaId(), engine.retry(entry));
    }

    CleanupOutcome resolve(String cleanupId, String reason) {
        CleanupEntry entry = open(journal.cleanups(), visibility, cleanupId);
        return resolve(entry.sagaId(), List.of(entry), reason);
    }

    CleanupOutcome resolveStep(String cleanupId, String reason) {
        CleanupEntry entry = open(journal.cleanups(), visibility, cleanupId);
        List<CleanupEntry> entries = openOf(entry.sagaId()).stream()
                .filter(other -> other.step().equals(entry.step()))
                .toList();
        return resolve(entry.sagaId(), entries, reason);
    }

    private CleanupOutcome resolve(String sagaId, List<CleanupEntry> entries, String reason) {
        entries.forEach(entry -> trail.record(AuditAction.RESOLVE, null, sagaId, details(entry, reason)));
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
