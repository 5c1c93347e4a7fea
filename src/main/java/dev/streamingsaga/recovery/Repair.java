package dev.streamingsaga.recovery;

import dev.streamingsaga.chunk.ChunkAudit;
import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.encryption.DataKey;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.journal.StoredForm;
import dev.streamingsaga.saga.StoreCallException;
import dev.streamingsaga.saga.StoreClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Repairs a completed document, first in the bucket, then in the stores, from the journal and the verified bytes of the
 * document. Overwrites the rows of a store first, which keeps the document visible; only if that fails or is not
 * enough, deletes the rows and writes them again.
 */
final class Repair {
    private final StorageAccess storage;
    private final StoreClient stores;
    private final SagaRecord saga;
    private final TextSource text;
    private final Map<String, String> failures = new LinkedHashMap<>();

    Repair(StorageAccess storage, StoreClient stores, SagaRecord saga, TextSource text) {
        this.storage = storage;
        this.stores = stores;
        this.saga = saga;
        this.text = text;
    }

    /** The journal has the whole security record. What a custom store needs is unknown. */
    static boolean needsText(String store) {
        return !store.equals(StoreNames.SECURITY);
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
                report(store, "repair of " + store + " finished");
            } catch (SagaException | StoreCallException e) {
                failures.put(store, "the repair failed: " + e.getMessage());
                report(store, "repair of " + store + " failed: " + e.getMessage());
            }
        });
        return failures;
    }

    private void report(String store, String message) {
        storage.journal().events().append(saga.sagaId(), EventKind.STATE, store, message, "");
    }

    private void repair(String store, List<Drift> found) throws StoreCallException {
        if (store.equals(StoreNames.UPLOAD)) {
            objects(found);
        } else if (found.stream().allMatch(drift -> drift.kind() == Drift.DriftKind.NOT_VISIBLE)) {
            stores.complete(store, document().facts());
            removeIfObsolete(store);
        } else {
            rows(store);
        }
    }

    private Document document() {
        return saga.document().orElseThrow();
    }

    private void objects(List<Drift> found) {
        List<String> keys = found.stream().map(Drift::resource).toList();
        List<ChunkRow> before = storage.journal().chunks().all(saga.sagaId());
        for (ChunkRow row : before) {
            if (keys.contains(row.key())) {
                Document original = text.original()
                        .orElseThrow(() -> new SagaException(
                                Reason.FILE_NOT_FOUND, "the original of " + row.key() + " is missing or has changed"));
                request("chunk-again", run(original), row);
            }
        }
        boolean otherForm =
                !forms(before).equals(forms(storage.journal().chunks().all(saga.sagaId())));
        if (otherForm || keys.stream().anyMatch(ChunkAudit::isManifest)) {
            request("manifest-again", run(document()), "");
            takeNewestKey();
        }
        if (keys.stream().anyMatch(ChunkAudit::isReceipt)) {
            receipt();
        }
    }

    /** A rotation of keys may have begun, or ended, while the manifest was written with the key of before. */
    private void takeNewestKey() {
        storage.journal()
                .keys()
                .find(saga.sagaId())
                .filter(key -> !key.isDestroyed())
                .ifPresent(key -> new ChunkStore(storage.config(), storage.s3())
                        .in(document().bucket())
                        .rewrapManifest(document().keyPrefix(), DataKey.Wrapped.newest(key)));
    }

    private void receipt() {
        try {
            new ReceiptComparison(storage, document()).repair();
        } catch (SdkException e) {
            throw new SagaException(Reason.STORE_FAILED, "the receipt cannot be written: " + e.getMessage(), e);
        }
    }

    private static List<Optional<StoredForm>> forms(List<ChunkRow> rows) {
        return rows.stream().map(ChunkRow::storedForm).toList();
    }

    /**
     * Each request has the limits of an upload: attempts, pauses and time-outs of {@code saga.chunk} and
     * {@code saga.s3}.
     */
    private void request(String route, RepairRun run, Object body) {
        try (ProducerTemplate template = storage.context().createProducerTemplate()) {
            Exchange answer = template.request(storage.config().direct(route), exchange -> {
                exchange.setProperty(ExchangeKeys.RUN, run);
                exchange.getMessage().setBody(body);
            });
            Exception failure = answer.getException();
            if (failure != null) {
                throw failure instanceof SagaException known
                        ? known
                        : new SagaException(Reason.STORE_FAILED, String.valueOf(failure.getMessage()), failure);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("a producer template did not close", e);
        }
    }

    private RepairRun run(Document source) {
        return new RepairRun(storage.journal(), saga, source);
    }

    private void rows(String store) throws StoreCallException {
        RepairRun run = run(document());
        if (needsText(store)) {
            // Make sure that the content is available before changing anything.
            requireReadable();
            run = text.run();
        }
        try {
            write(store, run);
        } catch (StoreCallException e) {
            report(
                    store,
                    "cannot overwrite the rows of store " + store + " (" + e.getMessage()
                            + "); deleting and writing them again");
            rewrite(store, run);
            return;
        }
        if (!new StoreComparison(storage, stores, saga)
                .run(text).stream()
                        .allMatch(drift ->
                                !drift.store().equals(store) || drift.resource().startsWith(store + ":"))) {
            rewrite(store, run);
        }
    }

    private void requireReadable() {
        try {
            text.requireReadable();
        } catch (IOException e) {
            throw new SagaException(
                    Reason.STORE_FAILED,
                    "the bytes of document " + document().documentId() + " cannot be opened: " + e.getMessage(),
                    e);
        }
    }

    private void rewrite(String store, RepairRun run) throws StoreCallException {
        run.check();
        stores.compensate(store, document().facts());
        write(store, run);
    }

    private void write(String store, RepairRun run) throws StoreCallException {
        OptionalLong expected = stores.write(store, run, storage.config().timeLimit());
        storage.journal().steps().expects(saga.sagaId(), store, expected);
        stores.complete(store, document().facts());
        removeIfObsolete(store);
    }

    /**
     * A newer version that completed meanwhile, or a deletion, has already removed this one and does not check again.
     */
    private void removeIfObsolete(String store) throws StoreCallException {
        if (isObsolete()) {
            stores.compensate(store, document().facts());
        }
    }

    private boolean isObsolete() {
        return storage.journal()
                        .sagas()
                        .find(saga.sagaId())
                        .filter(now -> now.supersededBy().isPresent())
                        .isPresent()
                || storage.journal().deletions().contains(saga.sagaId());
    }
}
