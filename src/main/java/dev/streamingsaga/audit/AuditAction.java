package dev.streamingsaga.audit;

import dev.streamingsaga.annotation.PublicApi;

/** What was done. Names are stored: add new ones, change none. Some are reserved for later use. */
@PublicApi
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
    /** A key of the API was created, the key file changed, or a rotation of keys requested. */
    KEYS,
    RECEIPT,
    ORPHANS_DELETE,
    VERIFY,
    REPAIR,
    DRAIN,
    BACKUP,
    RESTORE,
    /** The service started, with these settings. */
    START,
    STOP
}
