package dev.streamingsaga.journal;

import java.time.Duration;

/**
 * Notified of what sagas do in this process, each time after it was journaled. Implementations must be fast and
 * thread-safe, and must not throw.
 */
public interface SagaListener {
    /** Ignores everything. */
    SagaListener NONE = new SagaListener() {};

    /** @param saga in its new state */
    default void stateChanged(SagaRecord saga, SagaState from) {}

    default void stepEnded(String step, Duration took) {}

    default void chunkSent(long sizeBytes) {}

    /** A chunk is sent again because an attempt failed. */
    default void chunkRetried() {}
}
