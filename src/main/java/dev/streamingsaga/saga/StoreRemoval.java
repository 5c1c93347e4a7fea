package dev.streamingsaga.saga;

import dev.streamingsaga.journal.CleanupRepository.Residue;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.DocumentFacts;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.EventDraft;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.StepCompensation;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.saga.StoreClient.StoreContents;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Removes a saga's data from one store, and checks afterwards what remains. Journals nothing. */
final class StoreRemoval {
    private final StoreClient stores;
    private final Alerts alerts;

    StoreRemoval(StoreClient stores, Alerts alerts) {
        this.stores = stores;
        this.alerts = alerts;
    }

    /** Names everything of a saga in one store, for a store that cannot name the pieces. */
    static String everything(SagaRecord saga, String store) {
        return store + ":" + saga.sagaId();
    }

    /**
     * Removes a saga's data from one store, then checks the store.
     *
     * @param known names of what may be there, if the store cannot report it
     * @return the residue; none if the store reports none
     */
    StepCompensation remove(SagaRecord saga, String store, List<String> known) {
        Optional<Document> document = saga.document();
        if (document.isEmpty()) {
            return StepCompensation.CLEAN;
        }
        Map<String, Object> facts = facts(saga, document.get(), store, known);
        Set<String> remaining = new LinkedHashSet<>();
        String error = "still there after the delete";
        StoreContents unchecked = StoreContents.NOTHING;
        try {
            StoreContents residue = stores.compensate(store, facts);
            remaining.addAll(residue.names(everything(saga, store)));
            error = residue.reason().orElse(error);
        } catch (StoreCallException e) {
            error = String.valueOf(e.getMessage());
            if (e.isCrash()) {
                return crashed(saga, store, e);
            }
            remaining.addAll(known);
            // A context that stops has no count route left, and the journal may know no name.
            unchecked = known.isEmpty() ? StoreContents.UNKNOWN : unchecked;
        }
        try {
            remaining.addAll(stores.contents(store, facts).orElse(unchecked).names(everything(saga, store)));
        } catch (StoreCallException e) {
            if (remaining.isEmpty()) {
                error = "could not be checked after the delete: " + e.getMessage();
                remaining.add(everything(saga, store));
            }
        }
        return remaining.isEmpty() ? StepCompensation.CLEAN : residue(store, remaining, error);
    }

    private static StepCompensation residue(String store, Set<String> remaining, String error) {
        return new StepCompensation(
                remaining.stream().map(resource -> new Residue(resource, error)).toList(),
                List.of(new EventDraft(EventKind.COMPENSATION_ERROR, store, error, "")));
    }

    /** All of the saga's data counts as residue: the compensation itself failed, and may have removed nothing. */
    StepCompensation crashed(SagaRecord saga, String store, Throwable thrown) {
        String error =
                thrown instanceof StoreCallException ? String.valueOf(thrown.getMessage()) : StoreClient.reason(thrown);
        return new StepCompensation(
                List.of(new Residue(everything(saga, store), error)), alerts.crashed(saga, store, error));
    }

    /** The body for the compensation route of a store. That of the bucket also has the keys that the journal knows. */
    private static Map<String, Object> facts(SagaRecord saga, Document document, String store, List<String> known) {
        Map<String, Object> facts = new LinkedHashMap<>(document.facts());
        facts.put(DocumentFacts.RUN, (long) saga.run());
        if (store.equals(StoreNames.UPLOAD)) {
            facts.put(DocumentFacts.KEYS, known);
        }
        return facts;
    }
}
