package dev.streamingsaga.saga;

import dev.streamingsaga.journal.CleanupEntries.RetryPolicy;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.DocumentFacts;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaRecord;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to COMPLETED: first the decision in the journal, then the document is turned visible store by store. The
 * second part is idempotent and repeated until every store has done it.
 */
final class Completion {
    private static final Logger LOG = LoggerFactory.getLogger(Completion.class);

    /**
     * Attempts that fail before somebody is told, once for a saga: the first may meet a lock, or a store that restarts.
     */
    private static final int ALERT_AT = 3;

    private final Completion.CompletionParts parts;
    private final Journal journal;
    private final RetryPolicy retries;

    /** What it works with. */
    record CompletionParts(Journal journal, Runs runs, StoreClient stores, Compensator compensator, Alerts alerts) {}

    /** @param retries only its growing delay counts: a decision for COMPLETED is never given up */
    Completion(Completion.CompletionParts parts, RetryPolicy retries) {
        this.parts = parts;
        this.journal = parts.journal();
        this.retries = retries;
    }

    /** @return false if the saga is not, and will not be, COMPLETED by this run */
    boolean complete(String sagaId, int run) {
        if (!journal.complete(sagaId, run)) {
            return false;
        }
        try {
            publish(journal.saga(sagaId).orElseThrow());
        } finally {
            parts.runs().end(sagaId); // what is not visible yet is the recovery's
        }
        return true;
    }

    /** Turns the document visible; what fails is tried again at growing intervals. */
    void publish(SagaRecord saga) {
        if (saga.published()) {
            return;
        }
        Map<String, Object> facts = saga.document().map(Document::facts).orElseThrow();
        Map<String, String> failures = new LinkedHashMap<>();
        List<String> all = new ArrayList<>(List.of("upload"));
        all.addAll(saga.participants());
        for (String store : all) {
            try {
                parts.stores().complete(store, facts);
            } catch (StoreCallException e) {
                failures.put(store, String.valueOf(e.getMessage()));
                LOG.warn(
                        "saga {} is COMPLETED, but store {} could not turn document {} visible ({}); tried again soon",
                        saga.sagaId(),
                        store,
                        facts.get(DocumentFacts.DOCUMENT_ID),
                        e.getMessage());
            }
        }
        if (failures.isEmpty()) {
            removeOlder(saga);
            journal.published(saga.sagaId());
        } else {
            notPublished(saga, failures);
        }
    }

    private void notPublished(SagaRecord saga, Map<String, String> failures) {
        String error = failures.entrySet().stream()
                .map(e -> e.getKey() + ": " + e.getValue())
                .collect(Collectors.joining("; "));
        journal.notPublished(
                saga.sagaId(),
                retries,
                attempts -> attempts == ALERT_AT
                        ? parts.alerts().notVisible(saga, String.join(", ", failures.keySet()), error, attempts)
                        : List.of());
        parts.alerts().deliver(saga.sagaId());
    }

    /**
     * Of the versions that are visible now only the newest stays, which need not be this one: an older saga may end
     * last. What resists becomes clean-up entries. A crash in between repeats it, since the saga counts as published
     * only afterwards.
     */
    private void removeOlder(SagaRecord saga) {
        List<SagaRecord> versions =
                journal.completed(saga.document().orElseThrow().documentId());
        String newest = versions.stream()
                .filter(version -> version.published() || version.sagaId().equals(saga.sagaId()))
                .map(SagaRecord::sagaId)
                .findFirst()
                .orElse(saga.sagaId());
        versions.stream().filter(old -> old.sagaId().compareTo(newest) < 0).forEach(old -> {
            parts.compensator().removeVersion(old);
            journal.supersede(old.sagaId(), newest);
        });
    }
}
