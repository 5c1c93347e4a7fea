package dev.streamingsaga.saga;

import dev.streamingsaga.journal.CleanupRepository.Residue;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.EventDraft;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.StepCompensation;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hides and removes the documents of COMPLETED sagas, store by store. Every call is idempotent. */
public final class DocumentRemoval {
    private static final Logger LOG = LoggerFactory.getLogger(DocumentRemoval.class);

    private final StoreClient stores;
    private final StepCompensator steps;
    private final Alerts alerts;

    DocumentRemoval(StoreClient stores, StepCompensator steps, Alerts alerts) {
        this.stores = stores;
        this.steps = steps;
        this.alerts = alerts;
    }

    /**
     * Makes the document invisible in every store that has a flag for it. In a store without one, and in one that
     * fails, removes it instead.
     *
     * @param permit called before each store; if it throws, the others stay as they are
     * @return why it may still be visible in a store, by store; empty if it is visible in none
     */
    public Map<String, String> hide(SagaRecord saga, Runnable permit) {
        Map<String, Object> facts = saga.document().map(Document::facts).orElseThrow();
        Map<String, String> failures = new LinkedHashMap<>();
        for (String store : steps.visibleStores(saga)) {
            permit.run();
            if (!isHidden(saga, store, facts)) {
                removeFrom(store, saga).ifPresent(error -> failures.put(store, error));
            }
        }
        return failures;
    }

    private boolean isHidden(SagaRecord saga, String store, Map<String, Object> facts) {
        try {
            return stores.hide(store, facts);
        } catch (StoreCallException e) {
            LOG.warn(
                    "store {} could not hide what saga {} stored ({}); removing it there at once",
                    store,
                    saga.sagaId(),
                    e.getMessage());
            return false;
        }
    }

    /** @return the error if something is left */
    private Optional<String> removeFrom(String store, SagaRecord saga) {
        StepCompensation result = steps.compensateStep(saga, store);
        return result.residues().stream().map(Residue::error).findFirst();
    }

    /**
     * Removes the document from every store, the bucket last, and checks each store afterwards. What remains becomes
     * clean-up entries.
     *
     * @param permit called before each store; if it throws, the others stay as they are
     */
    public void remove(SagaRecord saga, Runnable permit) {
        steps.compensateSteps(saga, permit);
    }

    /** Creates the alerts that are journaled with the residue of a deletion. */
    public EventDraft.OnResidue residueEvents(SagaRecord saga) {
        return open -> alerts.notDeleted(saga, open);
    }
}
