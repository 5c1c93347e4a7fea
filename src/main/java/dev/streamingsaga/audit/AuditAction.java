package dev.streamingsaga.audit;

/** What was done. Names are stored: add new ones, change none. */
public enum AuditAction {
    INGEST,
    /** A saga has its outcome. */
    OUTCOME,
    FETCH,
    SEARCH,
    PAUSE,
    RESUME,
    CANCEL,
    /** A clean-up entry was retried. */
    RETRY,
    /** A clean-up entry was closed. */
    RESOLVE,
    DELETE,
    VERSION,
    RETENTION,
    LEGAL_HOLD,
    /** Keys of documents or of the API were created, rotated or destroyed. */
    KEYS,
    RECEIPT,
    ORPHANS_DELETE,
    VERIFY,
    REPAIR,
    DRAIN,
    BACKUP,
    RESTORE,
    /** The audit log was read. */
    AUDIT,
    /** The service started, with these settings. */
    START,
    STOP
}
