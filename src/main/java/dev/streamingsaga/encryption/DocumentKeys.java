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

    /** The journaled, wrapped key of a saga; empty if its objects are not encrypted. */
    Optional<DataKey.Wrapped> wrapped(String sagaId);

    /**
     * Opens a wrapped key, for example one from a manifest.
     *
     * @param documentId and {@code sagaId} the key was wrapped for; another document's key is refused
     */
    DataKey open(DataKey.Wrapped wrapped, String sagaId, String documentId);

    /** Destroys the key of a saga in the journal: its objects can never be read again. Idempotent. */
    void destroy(String sagaId);
}
