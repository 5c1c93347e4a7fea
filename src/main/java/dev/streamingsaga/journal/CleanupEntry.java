package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.time.Instant;

/**
 * A piece of residue that a compensation could not remove.
 *
 * @param resource what remains: an object key, or {@code store:sagaId}
 * @param resolution why a person closed it; empty otherwise
 */
@PublicApi
public record CleanupEntry(
        String cleanupId,
        String sagaId,
        String documentId,
        String step,
        String resource,
        CleanupEntry.CleanupState state,
        int attempts,
        String lastError,
        Instant nextAttemptAt,
        Instant createdAt,
        String resolution) {

    /** PENDING is retried, BLOCKED waits for a person, RESOLVED was closed by a person, DONE was removed. */
    public enum CleanupState {
        PENDING,
        BLOCKED,
        RESOLVED,
        DONE;

        public boolean isOpen() {
            return this == PENDING || this == BLOCKED;
        }
    }
}
