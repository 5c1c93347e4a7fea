package dev.streamingsaga.recovery;

import dev.streamingsaga.chunk.ChunkAudit;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.TextOutcome;
import dev.streamingsaga.saga.StoreClient;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Compares the journal, the bucket and every store for a completed document, and repairs differences from the journal
 * or the original file. A check changes nothing and may run while another process writes; a repair needs the lock on
 * the data directory.
 */
public final class DocumentCheck implements AutoCloseable {
    private final StorageAccess storage;
    private final StoreClient stores;

    public DocumentCheck(StorageAccess storage) {
        this.storage = storage;
        this.stores = new StoreClient(storage.config(), storage.context());
    }

    /**
     * @param saga a COMPLETED saga that no newer version supersedes, or whose chunks are kept: then only the bucket is
     *     compared
     * @param deep reads every chunk instead of trusting the checksums that the bucket reports
     * @return what differs, empty for a healthy document
     */
    public List<Drift> check(SagaRecord saga, boolean deep) {
        return check(saga, deep, text(saga));
    }

    /**
     * Checks, repairs and checks again. Idempotent. Every repair is journaled before and after it. A visible document
     * stays visible if the store can be overwritten.
     *
     * @return the differences found first, each with its result, then those that only the second check found
     */
    public List<Drift> repair(SagaRecord saga, boolean deep) {
        TextSource text = text(saga);
        List<Drift> before = check(saga, deep, text);
        if (before.stream().noneMatch(Drift::repairable)) {
            return before;
        }
        Optional<TextOutcome> known = storage.journal().texts().find(saga.sagaId());
        Map<String, String> failures = new HashMap<>(new Repair(storage, stores, saga, text).run(before));
        List<Drift> after = check(saga, deep, text);
        if (!storage.journal().texts().find(saga.sagaId()).equals(known)) {
            // The text is split differently now: the other stores that know its segments follow.
            failures.putAll(new Repair(storage, stores, saga, text).run(after));
            after = check(saga, deep, text);
        }
        List<Drift> remaining = after;
        List<Drift> result = new ArrayList<>();
        for (Drift drift : before) {
            boolean remains = remaining.stream().anyMatch(drift::isSameAs);
            String message = !remains
                    ? ""
                    : failures.getOrDefault(
                            drift.store(), drift.repairable() ? "the repair did not fix it" : drift.message());
            result.add(drift.withRepaired(!remains, message));
        }
        remaining.stream()
                .filter(drift -> before.stream().noneMatch(drift::isSameAs))
                .forEach(result::add);
        return result;
    }

    private TextSource text(SagaRecord saga) {
        if (saga.document().isEmpty()) {
            throw new IllegalArgumentException("saga " + saga.sagaId() + " has no document to compare");
        }
        return new TextSource(storage, saga);
    }

    private List<Drift> check(SagaRecord saga, boolean deep, TextSource text) {
        List<Drift> bucket = new BucketComparison(storage, saga)
                .run(deep).stream().map(drift -> rateObject(drift, text)).toList();
        // If a chunk cannot be repaired, only the original still has the text.
        boolean readable = bucket.stream().allMatch(Drift::repairable);
        List<Drift> all = new ArrayList<>(bucket);
        if (saga.supersededBy().isPresent()) {
            return all;
        }
        new StoreComparison(storage, stores, saga).run(text).forEach(drift -> all.add(rateRows(drift, readable, text)));
        return all;
    }

    private Drift rateObject(Drift drift, TextSource text) {
        if (drift.store().equals(BucketComparison.JOURNAL)) {
            return drift.withRepairable(
                    false,
                    "the journal itself is damaged: restore it from a backup; fetch still works from the manifest");
        }
        return switch (drift.kind()) {
            case UNREACHABLE ->
                drift.withRepairable(false, "the bucket did not respond; run verify again once it does");
            case EXTRA ->
                drift.withRepairable(
                        false, "no saga of this instance writes this object; inspect it and delete it by hand");
            default -> {
                if (ChunkAudit.isManifest(drift.resource()) || ChunkAudit.isReceipt(drift.resource())) {
                    yield drift.withRepairable(true, "");
                }
                boolean recoverable =
                        text.original().isPresent() && !drift.resource().endsWith("/");
                yield drift.withRepairable(
                        recoverable,
                        recoverable
                                ? ""
                                : "the original is missing or has changed, so these bytes cannot be recovered");
            }
        };
    }

    private static Drift rateRows(Drift drift, boolean readable, TextSource text) {
        if (drift.kind() == Drift.DriftKind.UNREACHABLE) {
            return drift.withRepairable(false, "the store did not respond; run verify again once it does");
        }
        if (drift.kind() == Drift.DriftKind.EXTRA && drift.resource().startsWith(drift.store() + ":")) {
            return drift.withRepairable(false, "run orphans to list them, orphans --delete to delete them");
        }
        boolean recoverable = drift.kind() == Drift.DriftKind.NOT_VISIBLE
                || !Repair.needsText(drift.store())
                || readable
                || text.original().isPresent();
        return drift.withRepairable(
                recoverable,
                recoverable ? "" : "neither the original nor the bucket still has the bytes of the document");
    }

    @Override
    public void close() {
        stores.close();
    }
}
