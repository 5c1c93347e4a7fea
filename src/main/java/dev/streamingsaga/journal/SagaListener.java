package dev.streamingsaga.journal;

import java.time.Duration;

/**
 * Told of what sagas do in this process, each time after the journal has it. Must be quick, thread-safe, and must not
 * throw.
 */
public interface SagaListener {
    /** Watches nothing. */
    SagaListener NOBODY = new SagaListener() {};

    /** @param saga as it is now: in its new state */
    default void stateChanged(SagaRecord saga, SagaState from) {}

    default void stepEnded(String step, Duration took) {}

    default void chunkSent(long sizeBytes) {}

    /** A chunk is sent once more, since an attempt at it failed. */
    default void chunkRetried() {}
}
