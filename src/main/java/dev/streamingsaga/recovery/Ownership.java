package dev.streamingsaga.recovery;

import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.StepRecord;
import java.util.Optional;

/**
 * Decides from the journal whether a saga may hold data in a store. Query it after reading the data: a saga is
 * journaled before it writes, so data that was read first and has no saga in the journal afterwards was not written by
 * this instance.
 */
final class Ownership {
    private final Journal journal;

    Ownership(Journal journal) {
        this.journal = journal;
    }

    boolean isKnown(String sagaId) {
        return journal.sagas().find(sagaId).isPresent();
    }

    /**
     * Whether rows with both ids can belong to the saga; true before its step {@code start}, and for an unknown saga.
     */
    boolean fits(String sagaId, String documentId) {
        return journal.sagas()
                .find(sagaId)
                .flatMap(SagaRecord::document)
                .map(document -> document.documentId().equals(documentId))
                .orElse(true);
    }

    /**
     * Why no journal entry owns the saga's data in the store; empty if one does. An unfinished saga always owns its
     * data.
     */
    Optional<String> orphaned(String store, String sagaId) {
        Optional<SagaRecord> known = journal.sagas().find(sagaId);
        if (known.isEmpty()) {
            return Optional.of("the journal has no saga " + sagaId);
        }
        SagaRecord saga = known.get();
        boolean open = journal.cleanups().of(sagaId).stream()
                .anyMatch(entry -> entry.state().isOpen());
        if (!saga.state().isFinal() || saga.state() == SagaState.PARTIALLY_COMPENSATED || open) {
            return Optional.empty();
        }
        if (saga.state() == SagaState.COMPENSATED) {
            return Optional.of("saga " + sagaId + " is COMPENSATED and has no open clean-up entry");
        }
        Optional<String> why = whyRemoved(saga);
        boolean removed = why.isPresent()
                && journal.steps().of(sagaId).stream()
                        .filter(step -> step.name().equals(store))
                        .noneMatch(StepRecord::mayHoldData);
        return removed
                ? why.map(text -> "saga " + sagaId + " " + text + ", and was removed from this store")
                : Optional.empty();
    }

    private Optional<String> whyRemoved(SagaRecord saga) {
        return journal.deletions()
                .ofSaga(saga.sagaId())
                .map(deletion -> "was deleted (" + deletion.reason() + ")")
                .or(() -> saga.supersededBy().map(newer -> "was superseded by " + newer));
    }
}
