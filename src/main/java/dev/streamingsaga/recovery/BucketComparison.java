package dev.streamingsaga.recovery;

import dev.streamingsaga.chunk.ChunkAudit;
import dev.streamingsaga.chunk.ChunkAudit.Difference;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.StoreNames;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.core.exception.SdkException;

/** Compares the objects of a completed document in the bucket with the chunk rows in the journal. */
final class BucketComparison {
    static final String JOURNAL = "journal";

    private final StorageAccess storage;
    private final SagaRecord saga;
    private final Document document;

    BucketComparison(StorageAccess storage, SagaRecord saga) {
        this.storage = storage;
        this.saga = saga;
        this.document = saga.document().orElseThrow();
    }

    List<Drift> run(boolean deep) {
        List<ChunkRow> rows;
        try {
            rows = storage.journal().chunks().all(saga.sagaId());
        } catch (SagaException e) {
            return List.of(drift(
                    JOURNAL, Drift.DriftKind.DIFFERENT, "chunk rows", "valid rows", String.valueOf(e.getMessage())));
        }
        if (rows.size() != document.chunkCount()) {
            return List.of(drift(
                    JOURNAL,
                    Drift.DriftKind.MISSING,
                    "chunk rows",
                    Integer.toString(document.chunkCount()),
                    Integer.toString(rows.size())));
        }
        return compare(rows, deep, storage.config().documents().chunk().attempts());
    }

    /** Retries without a pause: a client that does not retry gets a stale pooled connection first after an outage. */
    private List<Drift> compare(List<ChunkRow> rows, boolean deep, int attempts) {
        try {
            List<Drift> all = new ArrayList<>();
            new ChunkAudit(storage.config(), storage.s3(), storage.sealing())
                    .compare(document, rows, deep)
                    .forEach(found -> all.add(
                            drift(StoreNames.UPLOAD, kind(found), found.key(), found.expected(), found.found())));
            new ReceiptComparison(storage, document).run().ifPresent(all::add);
            return all;
        } catch (SdkException | UncheckedIOException | SagaException e) {
            return attempts > 1
                    ? compare(rows, deep, attempts - 1)
                    : List.of(drift(
                            StoreNames.UPLOAD,
                            Drift.DriftKind.UNREACHABLE,
                            document.keyPrefix(),
                            "a response",
                            String.valueOf(e.getMessage())));
        }
    }

    private static Drift.DriftKind kind(Difference found) {
        return switch (found.kind()) {
            case MISSING -> Drift.DriftKind.MISSING;
            case DIFFERENT -> Drift.DriftKind.DIFFERENT;
            case EXTRA -> Drift.DriftKind.EXTRA;
        };
    }

    private Drift drift(String store, Drift.DriftKind kind, String resource, String expected, String found) {
        return new Drift(
                document.documentId(), saga.sagaId(), store, kind, resource, expected, found, false, false, "");
    }
}
