package dev.streamingsaga.journal;

/** What the journal records about a version of a document. */
enum VersionState {
    /** Its saga runs, has failed, or has completed and is not visible in every store yet. */
    STORED,
    /** Visible in every store. */
    CURRENT,
    /** Replaced; its rows are being removed from the stores, its chunks stay in the bucket. */
    HIDING,
    /** Replaced; only the bucket and the journal still have it. */
    KEPT,
    /** Replaced, and being removed. */
    REMOVING,
    /** Replaced and removed; what could not be removed is a clean-up entry. */
    REMOVED;

    boolean isReplaced() {
        return ordinal() >= HIDING.ordinal();
    }
}
