package dev.streamingsaga.operations;

import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Deletion;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A deletion as HTTP and the command line show it. Times are ISO-8601, sizes are bytes. Unknown values are null.
 *
 * @param state REQUESTED, HIDDEN, REMOVING, DELETED or PARTIALLY_DELETED
 * @param keyDestroyed whether the data keys of all versions are destroyed
 * @param attempts failed ones in the present state
 * @param nextAttemptAt when it is tried again; null if no attempt has failed
 * @param residue what could not be removed at first; closed entries included
 */
public record DeletionView(
        String deletionId,
        String documentId,
        String fileName,
        String sha256,
        long sizeBytes,
        String state,
        String reason,
        String requestedBy,
        String requestedAt,
        @Nullable String finishedAt,
        boolean keyDestroyed,
        int attempts,
        @Nullable String lastError,
        @Nullable String nextAttemptAt,
        List<Deletion.DeletedVersion> versions,
        List<Residue> residue) {

    /** A clean-up entry; {@code status} is PENDING, BLOCKED, RESOLVED or DONE. */
    public record Residue(String id, String step, String resource, String status, int attempts, String lastError) {
        static Residue of(CleanupEntry entry) {
            return new Residue(
                    entry.cleanupId(),
                    entry.step(),
                    entry.resource(),
                    entry.state().name(),
                    entry.attempts(),
                    entry.lastError());
        }
    }

    static DeletionView of(Deletion deletion, List<CleanupEntry> residue) {
        boolean failed = deletion.attempts() > 0;
        return new DeletionView(
                deletion.deletionId(),
                deletion.documentId(),
                deletion.fileName(),
                deletion.sha256(),
                deletion.sizeBytes(),
                deletion.state().name(),
                deletion.reason(),
                deletion.requestedBy(),
                deletion.requestedAt().toString(),
                deletion.finishedAt().map(Instant::toString).orElse(null),
                deletion.keyDestroyed(),
                deletion.attempts(),
                deletion.lastError().isEmpty() ? null : deletion.lastError(),
                failed ? deletion.nextAttemptAt().toString() : null,
                deletion.versions(),
                residue.stream().map(Residue::of).toList());
    }
}
