package dev.streamingsaga.audit;

import dev.streamingsaga.annotation.PublicApi;

/**
 * Damage to the audit log.
 *
 * @param sequence of the entry that it is about
 * @param message says what is wrong, and where
 */
@PublicApi
public record AuditFinding(FindingKind kind, long sequence, String message) {
    /** What was done to the log. */
    public enum FindingKind {
        /** The content of an entry differs from what was written. */
        CHANGED,
        /** Entries are missing. */
        REMOVED,
        /** An entry was added that the program has not written. */
        INSERTED,
        /** An entry stands at another place than it was written at. */
        REORDERED
    }
}
