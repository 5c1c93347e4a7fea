package dev.streamingsaga.deletion;

import java.util.Optional;

/**
 * What to delete, and why.
 *
 * @param sagaId the saga that stored the only version to delete; empty: all versions of the document
 * @param reason kept in the tombstone
 * @param requestedBy who, as the audit log names it; kept in the tombstone
 */
public record DeletionRequest(String documentId, Optional<String> sagaId, String reason, String requestedBy) {
    /** Longest reason, in characters. */
    public static final int MAX_REASON = 1000;

    /** @throws IllegalArgumentException if the reason is blank or too long */
    public DeletionRequest {
        if (reason.isBlank() || reason.length() > MAX_REASON) {
            throw new IllegalArgumentException("a deletion needs a reason of 1 to " + MAX_REASON
                    + " characters, which its tombstone keeps; nothing was deleted");
        }
    }

    /** All versions of a document. */
    public static DeletionRequest document(String documentId, String reason, String requestedBy) {
        return new DeletionRequest(documentId, Optional.empty(), reason, requestedBy);
    }

    /** One version of a document. */
    public static DeletionRequest version(String documentId, String sagaId, String reason, String requestedBy) {
        return new DeletionRequest(documentId, Optional.of(sagaId), reason, requestedBy);
    }
}
