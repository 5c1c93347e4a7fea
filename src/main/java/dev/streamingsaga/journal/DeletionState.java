package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;

/** How far the deletion of a document is. In every state, the document is served to nobody. */
@PublicApi
public enum DeletionState {
    /** Journaled; stores may still have to hide the document. */
    REQUESTED,
    /** Hidden in every store that could be reached. */
    HIDDEN,
    /** The data keys are destroyed; its data is being removed. */
    REMOVING,
    /** All data is removed. */
    DELETED,
    /** Clean-up entries say what could not be removed. With the last one it becomes DELETED. */
    PARTIALLY_DELETED;

    /** Whether every store was asked to remove the document. */
    public boolean isFinal() {
        return this == DELETED || this == PARTIALLY_DELETED;
    }
}
