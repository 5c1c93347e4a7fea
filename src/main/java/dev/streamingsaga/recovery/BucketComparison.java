package dev.streamingsaga.recovery;

import dev.streamingsaga.chunk.ChunkAudit;
import dev.streamingsaga.chunk.ChunkAudit.Difference;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import java.io.UncheckedIOException;
import java.util.List;
import software.amazon.awssdk.core.exception.SdkException;

/** Compares the bucket's objects of a completed document with the journal's chunk rows. */
final class BucketComparison {
    static final String JOURNAL = "journal";

    private final StorageAccess holdings;
    private final SagaRecord saga;
    private final Document document;

    BucketComparison(StorageAccess holdings, SagaRecord saga) {
        this.holdings = holdings;
        this.saga = saga;
        this.document = saga.document().orElseThrow();
    }

    List<Drift> run(boolean deep) {
        List<ChunkRow> rows;
        try {
            rows = holdings.journal().chunks(saga.sagaId());
        } catch (SagaException e) {
            return List.of(drift(
                    JOURNAL, Drift.DriftKind.DIFFERENT, "chunk rows", "sound rows", String.valueOf(e.getMessage())));
        }
        if (rows.size() != document.chunkCount()) {
            return List.of(drift(
                    JOURNAL,
                    Drift.DriftKind.MISSING,
                    "chunk rows",
                    Integer.toString(document.chunkCount()),
                    Integer.toString(rows.size())));
        }
        return compare(rows, deep, holdings.config().chunk().attempts());
    }

    /** Again at once: what a client that does not retry meets first after a break is a connection of before it. */
    private List<Drift> compare(List<ChunkRow> rows, boolean deep, int attempts) {
        try {
            return new ChunkAudit(holdings.config(), holdings.s3())
                    .compare(document, rows, deep).stream()
                            .map(found ->
                                    drift(Orphans.UPLOAD, kind(found), found.key(), found.expected(), found.found()))
                            .toList();
        } catch (SdkException | UncheckedIOException e) {
            return attempts > 1
                    ? compare(rows, deep, attempts - 1)
                    : List.of(drift(
                            Orphans.UPLOAD,
                            Drift.DriftKind.UNREACHABLE,
                            document.keyPrefix(),
                            "an answer",
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
