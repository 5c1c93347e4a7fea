package dev.streamingsaga.saga;

import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to COMPLETED: first the decision in the journal, then the document is turned visible store by store. The second
 * part is idempotent and repeated until every store has done it.
 */
final class Completion {
    private static final Logger LOG = LoggerFactory.getLogger(Completion.class);

    private final Journal journal;
    private final Runs runs;
    private final StoreRoutes stores;
    private final Compensator compensator;

    Completion(Journal journal, Runs runs, StoreRoutes stores, Compensator compensator) {
        this.journal = journal;
        this.runs = runs;
        this.stores = stores;
        this.compensator = compensator;
    }

    /** @return false if the saga is not, and will not be, COMPLETED by this run */
    boolean complete(String sagaId, int run) {
        if (!journal.complete(sagaId, run)) {
            return false;
        }
        publish(journal.saga(sagaId).orElseThrow());
        runs.end(sagaId);
        return true;
    }

    /** Turns the document visible; what fails is tried again by the next call. */
    boolean publish(SagaRecord saga) {
        if (saga.published()) {
            return true;
        }
        Map<String, Object> facts = saga.document().map(Document::facts).orElseThrow();
        boolean everywhere = true;
        List<String> all = new ArrayList<>(List.of("upload"));
        all.addAll(saga.participants());
        for (String store : all) {
            try {
                stores.complete(store, facts);
            } catch (StoreCallException e) {
                everywhere = false;
                LOG.warn("saga {} is COMPLETED, but store {} could not turn document {} visible ({}); tried again soon",
                        saga.sagaId(), store, facts.get("documentId"), e.getMessage());
            }
        }
        if (everywhere) {
            removeOlder(saga);
            journal.published(saga.sagaId());
        }
        return everywhere;
    }

    /**
     * Of the versions that are visible now only the newest stays, which need not be this one: an older saga may end last. What
     * resists becomes clean-up entries. A crash in between repeats it, since the saga counts as published only afterwards.
     */
    private void removeOlder(SagaRecord saga) {
        List<SagaRecord> versions = journal.completed(saga.document().orElseThrow().documentId());
        String newest = versions.stream().filter(version -> version.published() || version.sagaId().equals(saga.sagaId()))
                .map(SagaRecord::sagaId).findFirst().orElse(saga.sagaId());
        versions.stream().filter(old -> old.sagaId().compareTo(newest) < 0).forEach(old -> {
            compensator.removeVersion(old);
            journal.supersede(old.sagaId(), newest);
        });
    }
}
