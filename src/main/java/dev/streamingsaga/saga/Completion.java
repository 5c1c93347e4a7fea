package dev.streamingsaga.saga;

import dev.streamingsaga.journal.CleanupRepository.RetryPolicy;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.DocumentFacts;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.journal.VersionRepository.ReplacedVersion;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Completes a saga: first the journal records COMPLETED, then each store makes the document visible. The second part is
 * idempotent and repeated until every store has done it.
 */
final class Completion {
    private static final Logger LOG = LoggerFactory.getLogger(Completion.class);

    /**
     * Failed attempts before an alert, once for each saga: the first ones may fail because of a lock or a store that
     * restarts.
     */
    private static final int ATTEMPTS_BEFORE_ALERT = 3;

    private final Completion.CompletionParts parts;
    private final Journal journal;
    private final RetryPolicy retries;
    private final int versionsKept;

    /**
     * The parts of the application that a completion involves.
     *
     * @param published called when a document has become visible in every store; never throws
     */
    record CompletionParts(
            Journal journal,
            Runs runs,
            StoreClient stores,
            StepCompensator steps,
            Alerts alerts,
            Consumer<SagaRecord> published) {}

    /**
     * @param retries only its growing delay is used: attempts have no limit once a saga is COMPLETED
     * @param versionsKept of each document, the current one included
     */
    Completion(Completion.CompletionParts parts, RetryPolicy retries, int versionsKept) {
        this.parts = parts;
        this.journal = parts.journal();
        this.retries = retries;
        this.versionsKept = versionsKept;
    }

    /** @return false if this run did not complete the saga and never will */
    boolean complete(String sagaId, int run) {
        Optional<SagaRecord> completed = journal.outcomes().completed(sagaId, run);
        if (completed.isEmpty()) {
            return false;
        }
        try {
            publish(completed.get());
        } finally {
            parts.runs().end(sagaId); // the recovery repeats what failed
        }
        return true;
    }

    /**
     * Makes the document visible in every store, then replaces its older versions. What fails is retried at growing
     * intervals. A document of which a newer version is visible already is replaced at once. A deleted one stays
     * hidden.
     */
    void publish(SagaRecord saga) {
        if (saga.published()) {
            return;
        }
        boolean hidden = journal.versions().isHidden(saga);
        Map<String, String> failures = hidden ? Map.of() : show(saga);
        if (journal.deletions().contains(saga.sagaId())) {
            if (!hidden) {
                hideAgain(saga);
            }
            return;
        }
        if (failures.isEmpty()) {
            if (journal.versions().replace(saga, versionsKept)) {
                journal.versions().outstanding(saga).forEach(this::removeReplaced);
            }
            journal.outcomes()
                    .published(saga.sagaId())
                    .filter(now -> now.supersededBy().isEmpty())
                    .ifPresent(parts.published());
        } else {
            notPublished(saga, failures);
        }
    }

    /** @return what went wrong, by store */
    private Map<String, String> show(SagaRecord saga) {
        Map<String, Object> facts = saga.document().map(Document::facts).orElseThrow();
        Map<String, String> failures = new LinkedHashMap<>();
        for (String store : stores(saga)) {
            try {
                parts.stores().complete(store, facts);
            } catch (StoreCallException e) {
                failures.put(store, String.valueOf(e.getMessage()));
                LOG.warn(
                        "saga {} is COMPLETED, but store {} could not make document {} visible ({}); retrying soon",
                        saga.sagaId(),
                        store,
                        facts.get(DocumentFacts.DOCUMENT_ID),
                        e.getMessage());
            }
        }
        return failures;
    }

    private static List<String> stores(SagaRecord saga) {
        List<String> stores = new ArrayList<>(List.of(StoreNames.UPLOAD));
        stores.addAll(saga.participants());
        return stores;
    }

    /** A deletion that began meanwhile may have hidden the document in a store before this made it visible there. */
    private void hideAgain(SagaRecord saga) {
        Map<String, Object> facts = saga.document().map(Document::facts).orElseThrow();
        for (String store : stores(saga)) {
            try {
                parts.stores().hide(store, facts);
            } catch (StoreCallException e) {
                LOG.warn(
                        "saga {} is being deleted; store {} cannot hide it ({})", saga.sagaId(), store, e.getMessage());
            }
        }
    }

    private void notPublished(SagaRecord saga, Map<String, String> failures) {
        String error = failures.entrySet().stream()
                .map(e -> e.getKey() + ": " + e.getValue())
                .collect(Collectors.joining("; "));
        journal.outcomes()
                .notPublished(
                        saga.sagaId(),
                        retries,
                        attempts -> attempts == ATTEMPTS_BEFORE_ALERT
                                ? parts.alerts().notVisible(saga, String.join(", ", failures.keySet()), error, attempts)
                                : List.of());
        parts.alerts().deliver(saga.sagaId());
    }

    /** Removes what is left to remove of replaced versions, after a process was killed at it. */
    void removeReplaced() {
        journal.versions().outstanding().forEach(this::removeReplaced);
    }

    /** What cannot be removed becomes a clean-up entry. A crash before the journal says that it is done repeats it. */
    private void removeReplaced(ReplacedVersion version) {
        parts.steps().removeVersion(version.saga(), version.keepChunks());
        journal.versions().settled(version);
    }
}
