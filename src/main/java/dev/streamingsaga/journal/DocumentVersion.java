package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;

/**
 * A completed version of a document.
 *
 * @param number from 1, in the order in which the versions were received; numbers of failed sagas are given again if
 *     nothing newer was received meanwhile
 * @param saga that stored it
 */
@PublicApi
public record DocumentVersion(int number, SagaRecord saga, Status status) {
    /** Where a version can be found. */
    public enum Status {
        /** In every store; exactly one version of a document is current. */
        CURRENT,
        /** Replaced by a newer version, and kept: it can be fetched, but is not found by search. */
        KEPT,
        /** Replaced and removed. */
        REMOVED
    }
}
