package dev.streamingsaga.deletion;

/** Destroys data keys, so that every copy of the chunks that were encrypted with one is worthless. Thread-safe. */
@FunctionalInterface
public interface KeyDestruction {
    /** For instances that do not encrypt. */
    KeyDestruction NONE = sagaId -> false;

    /**
     * Destroys the data key of what a saga stored, in every place that has it wrapped. Idempotent: it is called again
     * after a crash, and for sagas that never had a key. A RuntimeException says that the key may still exist; the call
     * is repeated later, and no data is removed until then.
     *
     * @return whether the saga had a key, which is destroyed now
     */
    boolean destroy(String sagaId);
}
