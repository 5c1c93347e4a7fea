package dev.streamingsaga.recovery;

import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.StepRecord;
import java.util.Optional;

/**
 * Says from the journal whether a saga may hold data in a store. To be asked after the data was seen: a saga is
 * journaled before it writes, so what was seen first and is unknown afterwards was written by nobody of ours.
 */
final class Ownership {
    private final Journal journal;

    Ownership(Journal journal) {
        this.journal = journal;
    }

    boolean isKnown(String sagaId) {
        return journal.saga(sagaId).isPresent();
    }

    /** Whether rows with both ids can be of that saga; true before its step start, and for a saga that is not known. */
    boolean fits(String sagaId, String documentId) {
        return journal.saga(sagaId)
                .flatMap(SagaRecord::document)
                .map(document -> document.documentId().equals(documentId))
                .orElse(true);
    }

    /** Why no journal entry owns what the store holds of the saga; empty if one does. Unfinished sagas always do. */
    Optional<String> orphaned(String store, String sagaId) {
        Optional<SagaRecord> known = journal.saga(sagaId);
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
        boolean removed = saga.supersededBy().isPresent()
                && journal.steps(sagaId).stream()
                        .filter(step -> step.name().equals(store))
                        .noneMatch(StepRecord::mayHoldData);
        return removed
                ? Optional.of("saga " + sagaId + " was superseded by "
                        + saga.supersededBy().get() + ", and removed from here")
                : Optional.empty();
    }
}
