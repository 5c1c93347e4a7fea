package dev.streamingsaga.recovery;

import dev.streamingsaga.chunk.ChunkAudit;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.saga.StoreClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Compares journal, bucket and every store for a completed document, and puts right what the journal or the original
 * knows better. Comparing changes nothing and works beside a process that writes; repairing needs the lock on the data
 * directory.
 */
public final class DocumentCheck implements AutoCloseable {
    private final StorageAccess holdings;
    private final StoreClient stores;

    public DocumentCheck(StorageAccess holdings) {
        this.holdings = holdings;
        this.stores = new StoreClient(holdings.config(), holdings.context());
    }

    /**
     * @param saga a COMPLETED one that no newer version superseded
     * @param deep reads every chunk back instead of trusting the checksums that the bucket reports
     * @return what differs, empty for a healthy document
     */
    public List<Drift> check(SagaRecord saga, boolean deep) {
        try (TextSource text = new TextSource(holdings, document(saga))) {
            return check(saga, deep, text);
        }
    }

    /**
     * As {@link #check}, then repairs and looks again. Idempotent, and every repair is journaled before and after; what
     * is visible stays so wherever the store's write allows it.
     *
     * @return what differed, each with whether it is right now; what differs only now is added
     */
    public List<Drift> repair(SagaRecord saga, boolean deep) {
        try (TextSource text = new TextSource(holdings, document(saga))) {
            List<Drift> before = check(saga, deep, text);
            if (before.stream().noneMatch(Drift::repairable)) {
                return before;
            }
            Map<String, String> failures = new Repair(holdings, stores, saga, text).run(before);
            List<Drift> after = check(saga, deep, text);
            List<Drift> answer = new ArrayList<>();
            for (Drift drift : before) {
                boolean left = after.stream().anyMatch(drift::isSameAs);
                String why = !left
                        ? ""
                        : failures.getOrDefault(
                                drift.store(), drift.repairable() ? "still so after the repair" : drift.message());
                answer.add(drift.withRepaired(!left, why));
            }
            after.stream()
                    .filter(drift -> before.stream().noneMatch(drift::isSameAs))
                    .forEach(answer::add);
            return answer;
        }
    }

    private static Document document(SagaRecord saga) {
        return saga.document()
                .orElseThrow(
                        () -> new IllegalArgumentException("saga " + saga.sagaId() + " has no document to compare"));
    }

    private List<Drift> check(SagaRecord saga, boolean deep, TextSource text) {
        List<Drift> bucket = new BucketComparison(holdings, saga)
                .run(deep).stream().map(drift -> judgeObject(drift, text)).toList();
        // The text of a document whose chunks are beyond repair is only to be had from the original.
        boolean readable = bucket.stream().allMatch(Drift::repairable);
        List<Drift> all = new ArrayList<>(bucket);
        new StoreComparison(holdings, stores, saga)
                .run(text)
                .forEach(drift -> all.add(judgeRows(drift, readable, text)));
        return all;
    }

    private Drift judgeObject(Drift drift, TextSource text) {
        if (drift.store().equals(BucketComparison.JOURNAL)) {
            return drift.withRepairable(
                    false,
                    "the journal itself is damaged: restore it from a backup; fetch still works from the manifest");
        }
        return switch (drift.kind()) {
            case UNREACHABLE -> drift.withRepairable(false, "ask again when the bucket answers");
            case EXTRA ->
                drift.withRepairable(
                        false, "no saga of ours writes this object there; look at it, and delete it by hand");
            default -> {
                if (ChunkAudit.isManifest(drift.resource())) {
                    yield drift.withRepairable(true, "");
                }
                boolean known = text.original().isPresent() && !drift.resource().endsWith("/");
                yield drift.withRepairable(
                        known, known ? "" : "the original is gone or was changed, so nothing has these bytes any more");
            }
        };
    }

    private static Drift judgeRows(Drift drift, boolean readable, TextSource text) {
        if (drift.kind() == Drift.DriftKind.UNREACHABLE) {
            return drift.withRepairable(false, "ask again when the store answers");
        }
        if (drift.kind() == Drift.DriftKind.EXTRA && drift.resource().startsWith(drift.store() + ":")) {
            return drift.withRepairable(false, "orphans lists and deletes them");
        }
        boolean known = drift.kind() == Drift.DriftKind.NOT_VISIBLE
                || !Repair.needsText(drift.store())
                || readable
                || text.original().isPresent();
        return drift.withRepairable(
                known, known ? "" : "neither the original nor the bucket has the document's bytes any more");
    }

    @Override
    public void close() {
        stores.close();
    }
}
