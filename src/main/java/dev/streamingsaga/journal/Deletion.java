package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The deletion of a document, and what is kept of it afterwards: its tombstone.
 *
 * @param fileName of the newest version, as are {@code sha256} and {@code sizeBytes}
 * @param requestedBy who: the name of a key, a token's subject or a user of the operating system
 * @param requestedAt since when the document is visible nowhere
 * @param run which attempt drives it, across all processes; 0 before the first one
 * @param attempts failed ones in the present state
 * @param lastError why the last attempt failed; empty if none did
 * @param finishedAt when every store had been asked to remove the document
 * @param versions what is removed, the newest version first
 */
@PublicApi
public record Deletion(
        String deletionId,
        String documentId,
        String fileName,
        String sha256,
        long sizeBytes,
        String reason,
        String requestedBy,
        Instant requestedAt,
        DeletionState state,
        int run,
        int attempts,
        String lastError,
        Instant nextAttemptAt,
        Optional<Instant> finishedAt,
        List<DeletedVersion> versions) {
    public Deletion {
        versions = List.copyOf(versions);
    }

    /**
     * One version of the document: what one saga stored.
     *
     * @param chunksSha256 SHA-256 over the digests of its chunks in the bucket, in order, as lower-case hexadecimal
     *     text without separators
     * @param keyDestroyed whether it was encrypted with a data key, and that key is destroyed
     */
    @PublicApi
    public record DeletedVersion(
            String sagaId, String sha256, long sizeBytes, int chunkCount, String chunksSha256, boolean keyDestroyed) {}

    Deletion with(List<DeletedVersion> found) {
        return new Deletion(
                deletionId,
                documentId,
                fileName,
                sha256,
                sizeBytes,
                reason,
                requestedBy,
                requestedAt,
                state,
                run,
                attempts,
                lastError,
                nextAttemptAt,
                finishedAt,
                found);
    }

    /** Whether the data keys of all versions are destroyed, so that copies of the chunks are worthless. */
    public boolean keyDestroyed() {
        return !versions.isEmpty() && versions.stream().allMatch(DeletedVersion::keyDestroyed);
    }
}
