package dev.streamingsaga.recovery;

import dev.streamingsaga.annotation.PublicApi;
import java.time.Instant;
import java.util.Optional;

/**
 * Stored data that no journal entry owns.
 *
 * @param store a participant, or {@code upload} for the bucket
 * @param resource a key prefix that ends in a slash, {@code store:sagaId}, or a foreign key
 * @param pieces number of objects, records, vectors, nodes or rows; 0 if not counted
 * @param writtenAt when the newest piece was written; empty if unknown
 * @param reason why no journal entry owns it
 * @param kept why it is kept; empty if it may be deleted
 */
@PublicApi
public record Orphan(
        String store,
        String sagaId,
        String documentId,
        Orphan.OrphanKind kind,
        String resource,
        long pieces,
        Optional<Instant> writtenAt,
        String reason,
        String kept,
        boolean deleted) {

    /** FOREIGN: not in the form that sagas write; never deleted. UNREACHABLE: the query of the store failed. */
    public enum OrphanKind {
        ORPHAN,
        FOREIGN,
        UNREACHABLE
    }

    static Orphan foreign(String store, String resource, String reason) {
        return new Orphan(
                store,
                "",
                "",
                Orphan.OrphanKind.FOREIGN,
                resource,
                1,
                Optional.empty(),
                reason,
                "foreign data is never deleted",
                false);
    }

    static Orphan unreachable(String store, String reason) {
        return new Orphan(
                store,
                "",
                "",
                Orphan.OrphanKind.UNREACHABLE,
                store,
                0,
                Optional.empty(),
                reason,
                "the store did not respond",
                false);
    }

    /** Whether {@code orphans --delete} would delete it. */
    public boolean isDeletable() {
        return kind == Orphan.OrphanKind.ORPHAN && kept.isEmpty() && !deleted;
    }

    /** The same orphan, with a bucket other than the configured one in its reason. */
    Orphan in(String bucket) {
        return new Orphan(
                store,
                sagaId,
                documentId,
                kind,
                resource,
                pieces,
                writtenAt,
                reason + ", in bucket " + bucket,
                kept,
                deleted);
    }

    Orphan withReasonKept(String newKept) {
        return new Orphan(store, sagaId, documentId, kind, resource, pieces, writtenAt, reason, newKept, false);
    }

    Orphan withDeleted() {
        return new Orphan(store, sagaId, documentId, kind, resource, pieces, writtenAt, reason, "", true);
    }
}
