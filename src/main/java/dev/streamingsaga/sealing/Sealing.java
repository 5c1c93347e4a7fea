package dev.streamingsaga.sealing;

import dev.streamingsaga.config.DocumentConfig;
import dev.streamingsaga.config.DocumentConfig.ChunkCompression;
import dev.streamingsaga.config.DocumentConfig.ChunkEncryption;
import dev.streamingsaga.encryption.DataKey;
import dev.streamingsaga.encryption.DocumentKeys;
import java.util.Optional;

/**
 * How this instance stores objects, and the keys to read those that it has stored. Objects are read whatever the
 * settings are now. Thread-safe.
 */
public final class Sealing {
    /** The format of encrypted objects, as the journal and the manifest name it. */
    public static final String ENCRYPTION = "aes256-gcm-hkdf-1";

    private final DocumentConfig.StoredAs settings;
    private final Optional<DocumentKeys> keys;

    /** @param keys empty: nothing can be encrypted or decrypted */
    public Sealing(DocumentConfig.StoredAs settings, Optional<DocumentKeys> keys) {
        this.settings = settings;
        this.keys = keys;
    }

    /** Stores every object as it is; reads compressed ones. */
    public static Sealing none() {
        return new Sealing(DocumentConfig.StoredAs.PLAIN, Optional.empty());
    }

    public boolean encrypts() {
        return settings.encryption() != ChunkEncryption.NONE;
    }

    public boolean compresses() {
        return settings.compression() != ChunkCompression.NONE;
    }

    int level() {
        return settings.level();
    }

    /** Whether a chunk with these bytes in it is worth compressing. */
    public boolean shrinks(byte[] sample) {
        return compresses() && Zstd.shrinks(sample);
    }

    /**
     * The objects of one saga.
     *
     * @param chunkCount 0 if it is not known yet
     */
    public DocumentSealing of(String documentId, String sagaId, int chunkCount) {
        return new DocumentSealing(this, new SagaKey(keys, documentId, sagaId, Optional.empty()), chunkCount);
    }

    /** As above, with the key that the manifest has, so that the journal is not needed. */
    public DocumentSealing of(String documentId, String sagaId, DataKey.Wrapped wrapped) {
        return new DocumentSealing(this, new SagaKey(keys, documentId, sagaId, Optional.of(wrapped)), 0);
    }
}
