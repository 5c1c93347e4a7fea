package dev.streamingsaga.recovery;

import dev.streamingsaga.chunk.ChunkAudit;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.saga.StoreCallException;
import dev.streamingsaga.saga.StoreClient;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;

/**
 * Puts a completed document right: first the bucket, then the stores, from the journal and a text source that was
 * checked. Each store is first written over, which keeps it visible; only if that does not do, its rows go and are
 * written anew.
 */
final class Repair {
    private final StorageAccess holdings;
    private final StoreClient stores;
    private final SagaRecord saga;
    private final TextSource text;
    private final Map<String, String> failures = new LinkedHashMap<>();

    Repair(StorageAccess holdings, StoreClient stores, SagaRecord saga, TextSource text) {
        this.holdings = holdings;
        this.stores = stores;
        this.saga = saga;
        this.text = text;
    }

    /** The security record is all in the journal; of a user's store we don't know. */
    static boolean needsText(String store) {
        return !store.equals("security");
    }

    /** @return why a store could not be repaired, by store */
    Map<String, String> run(List<Drift> drifts) {
        Map<String, List<Drift>> byStore = drifts.stream()
                .filter(Drift::repairable)
                .collect(Collectors.groupingBy(Drift::store, LinkedHashMap::new, Collectors.toList()));
        byStore.forEach((store, found) -> {
            report(
                    store,
                    "repair of " + store + " begins: "
                            + found.stream()
                                    .map(drift -> drift.kind() + " " + drift.resource())
                                    .limit(10)
                                    .collect(Collectors.joining(", "))
                            + (found.size() > 10 ? ", …" : ""));
            try {
                repair(store, found);
                report(store, "repair of " + store + " ended");
            } catch (SagaException | StoreCallException e) {
                failures.put(store, "the repair failed: " + e.getMessage());
                report(store, "repair of " + store + " failed: " + e.getMessage());
            }
        });
        return failures;
    }

    private void report(String store, String message) {
        holdings.journal().event(saga.sagaId(), EventKind.STATE, store, message, "");
    }

    private void repair(String store, List<Drift> found) throws StoreCallException {
        if (store.equals(Orphans.UPLOAD)) {
            objects(found);
        } else if (found.stream().allMatch(drift -> drift.kind() == Drift.DriftKind.NOT_VISIBLE)) {
            stores.complete(store, document().facts());
        } else {
            rows(store);
        }
    }

    private Document document() {
        return saga.document().orElseThrow();
    }

    private void objects(List<Drift> found) {
        List<String> keys = found.stream().map(Drift::resource).toList();
        for (ChunkRow row : holdings.journal().chunks(saga.sagaId())) {
            if (keys.contains(row.key())) {
                Document original = text.original()
                        .orElseThrow(() -> new SagaException(
                                Reason.FILE_NOT_FOUND, "the original of " + row.key() + " is gone or was changed"));
                request("chunk-again", original, row);
            }
        }
        if (keys.stream().anyMatch(ChunkAudit::isManifest)) {
            request("manifest-again", document(), "");
        }
    }

    /**
     * Each request has the limits of an upload: attempts, pauses and time-outs of {@code saga.chunk} and
     * {@code saga.s3}.
     */
    private void request(String route, Document source, Object body) {
        try (ProducerTemplate template = holdings.context().createProducerTemplate()) {
            Exchange answer = template.request(holdings.config().direct(route), exchange -> {
                exchange.setProperty(Run.PROPERTY, run(source));
                exchange.getMessage().setBody(body);
            });
            Exception failure = answer.getException();
            if (failure != null) {
                throw failure instanceof SagaException known
                        ? known
                        : new SagaException(Reason.STORE_FAILED, String.valueOf(failure.getMessage()), failure);
            }
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException("a producer template did not close", e);
        }
    }

    private RepairRun run(Document source) {
        return new RepairRun(holdings.journal(), saga, source);
    }

    private void rows(String store) throws StoreCallException {
        // Before anything is changed: what is written has to be at hand.
        Document source = needsText(store) ? text.readable() : document();
        try {
            write(store, source);
        } catch (StoreCallException e) {
            report(
                    store,
                    "writing over what store " + store + " holds did not do (" + e.getMessage()
                            + "); it is removed and written anew");
            anew(store, source);
            return;
        }
        if (!new StoreComparison(holdings, stores, saga)
                .run(text).stream()
                        .allMatch(drift ->
                                !drift.store().equals(store) || drift.resource().startsWith(store + ":"))) {
            anew(store, source);
        }
    }

    private void anew(String store, Document source) throws StoreCallException {
        run(source).check();
        stores.compensate(store, document().facts());
        write(store, source);
    }

    private void write(String store, Document source) throws StoreCallException {
        OptionalLong given = stores.write(store, run(source), holdings.config().timeLimit());
        if (needsText(store) && !text.isUntouched()) {
            // What was read of a file that changed meanwhile may be neither its old nor its new content.
            stores.compensate(store, document().facts());
            given = stores.write(store, run(text.readable()), holdings.config().timeLimit());
        }
        holdings.journal().stepExpects(saga.sagaId(), store, given);
        stores.complete(store, document().facts());
        removeIfSuperseded(store);
    }

    /** A newer version that completed meanwhile has removed this one already; it does not look again. */
    private void removeIfSuperseded(String store) throws StoreCallException {
        if (holdings.journal()
                .saga(saga.sagaId())
                .filter(now -> now.supersededBy().isPresent())
                .isPresent()) {
            stores.compensate(store, document().facts());
        }
    }
}
