package dev.streamingsaga.encryption;

import java.util.Optional;

/**
 * The data keys of documents. Thread-safe. Failures are exceptions of this package that say whether the key service is
 * away (transient), the key encryption key is unknown or wrong, or the data key is lost or destroyed.
 */
public interface DocumentKeys {

    /**
     * The key of a saga's objects. Creates, wraps and journals it when the saga has none yet; every later call, also of
     * another run or node, returns the same key.
     */
    DataKey ofSaga(String sagaId, String documentId);

    /**
     * The journaled, wrapped key of a saga; empty if its objects are not encrypted.
     *
     * @throws DestroyedKeyException if it has been destroyed
     */
    Optional<DataKey.Wrapped> wrapped(String sagaId);

    /**
     * Opens a wrapped key, for example one from a manifest.
     *
     * @param documentId and {@code sagaId} the key was wrapped for; another document's key is refused
     */
    DataKey open(DataKey.Wrapped wrapped, String sagaId, String documentId);

    /**
     * The key of a saga whose objects are encrypted, never a new one.
     *
     * @throws LostKeyException if the journal has none
     */
    default DataKey existing(String sagaId, String documentId) {
        return open(wrapped(sagaId).orElseThrow(() -> new LostKeyException(sagaId)), sagaId, documentId);
    }

    /** Destroys the key of a saga in the journal: its objects can never be read again. Idempotent. */
    void destroy(String sagaId);
}
