package dev.streamingsaga.encryption;

/** The copies of wrapped keys in the manifests of documents. Every method is idempotent. */
public interface ManifestKeys {
    /** Puts this key in place of the one in a saga's manifest. Does nothing if the saga has no manifest. */
    void replace(String sagaId, DataKey.Wrapped key);

    /** Removes the manifest of a saga whose document was deleted meanwhile: a rotation may have written it again. */
    void remove(String sagaId);
}
