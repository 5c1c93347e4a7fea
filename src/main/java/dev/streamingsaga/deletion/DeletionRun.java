package dev.streamingsaga.deletion;

import dev.streamingsaga.config.OperationConfig.Compensation;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.Deletion.DeletedVersion;
import dev.streamingsaga.journal.DeletionRepository;
import dev.streamingsaga.journal.DeletionState;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.saga.SagaEngine;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One attempt to finish a deletion, from the state that the journal has. Each piece of the work is idempotent, and is
 * preceded by a confirmation that no other process has taken over.
 */
final class DeletionRun {
    private final Journal journal;
    private final DeletionRepository deletions;
    private final SagaEngine engine;
    private final KeyDestruction keys;
    private final Compensation limits;

    DeletionRun(Journal journal, SagaEngine engine, KeyDestruction keys, Compensation limits) {
        this.journal = journal;
        this.deletions = journal.deletions();
        this.engine = engine;
        this.keys = keys;
        this.limits = limits;
    }

    /** @return the deletion as it is afterwards; not final if an attempt failed and another one follows */
    Deletion run(Deletion taken) {
        Deletion deletion = taken;
        if (deletion.state() == DeletionState.REQUESTED) {
            Map<String, String> failures = hide(deletion);
            if (!failures.isEmpty()
                    && deletion.attempts() + 1 < limits.residue().maxAttempts()) {
                return failed(deletion, "cannot hide the document everywhere: " + text(failures));
            }
            // After the last attempt the other stores are not made to wait any longer; clean-ups continue with these.
            deletion = deletions.reached(deletion, DeletionState.HIDDEN);
        }
        if (deletion.state() == DeletionState.HIDDEN) {
            destroyKeys(deletion);
            deletion = deletions.reached(deletion, DeletionState.REMOVING);
        }
        remove(deletion);
        Deletion ended = deletions.finish(deletion, engine.removal()::residueEvents);
        engine.issueReceipts(ended);
        ended.versions().forEach(version -> engine.deliverAlerts(version.sagaId()));
        return ended;
    }

    private Map<String, String> hide(Deletion deletion) {
        Map<String, String> failures = new LinkedHashMap<>();
        for (DeletedVersion version : deletion.versions()) {
            failures.putAll(engine.removal().hide(saga(version), () -> confirm(deletion)));
        }
        return failures;
    }

    private void destroyKeys(Deletion deletion) {
        for (DeletedVersion version : deletion.versions()) {
            confirm(deletion);
            if (keys.destroy(version.sagaId())) {
                deletions.keyDestroyed(version.sagaId());
            }
        }
    }

    private void remove(Deletion deletion) {
        for (DeletedVersion version : deletion.versions()) {
            engine.removal().remove(saga(version), () -> confirm(deletion));
        }
    }

    Deletion failed(Deletion deletion, String error) {
        deletions.failed(deletion, error, limits.residue());
        return deletions.find(deletion.deletionId()).orElseThrow();
    }

    private void confirm(Deletion deletion) {
        deletions.confirm(deletion, limits.stepTimeout());
    }

    private SagaRecord saga(DeletedVersion version) {
        return journal.sagas().find(version.sagaId()).orElseThrow();
    }

    private static String text(Map<String, String> failures) {
        return failures.entrySet().stream()
                .map(failure -> failure.getKey() + ": " + failure.getValue())
                .collect(Collectors.joining("; "));
    }
}
