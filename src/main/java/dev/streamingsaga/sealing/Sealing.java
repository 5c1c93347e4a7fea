package dev.streamingsaga.sealing;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.DocumentConfig;
import dev.streamingsaga.config.DocumentConfig.ChunkCompression;
import dev.streamingsaga.config.DocumentConfig.ChunkEncryption;
import dev.streamingsaga.encryption.DataKey;
import dev.streamingsaga.encryption.DocumentKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How this instance stores objects, and the keys to read those that it has stored. Objects are read whatever the
 * settings are now. Thread-safe.
 */
public final class Sealing {
    /** The format of encrypted objects, as the journal and the manifest name it. */
    public static final String ENCRYPTION = "aes256-gcm-hkdf-1";

    private static final String ZSTD = "com.github.luben.zstd.Zstd";
    private static final String TINK = "com.google.crypto.tink.subtle.AesGcmHkdfStreaming";

    private final DocumentConfig.StoredAs settings;
    private final Optional<DocumentKeys> keys;

    private Sealing(DocumentConfig.StoredAs settings, Optional<DocumentKeys> keys) {
        this.settings = settings;
        this.keys = keys;
    }

    /**
     * @param keys empty: nothing can be encrypted or decrypted
     * @throws ConfigException naming every library that the settings need and that is missing
     */
    public static Sealing open(DocumentConfig.StoredAs settings, Optional<DocumentKeys> keys) {
        Sealing sealing = new Sealing(settings, keys);
        List<String> problems = new ArrayList<>();
        if (sealing.compresses() && !isPresent(ZSTD)) {
            problems.add("saga.chunk.compression=zstd needs a library that is missing: add com.github.luben:zstd-jni");
        }
        if (sealing.encrypts() && !isPresent(TINK)) {
            problems.add("saga.chunk.encryption=aes256-gcm needs a library that is missing: add"
                    + " com.google.crypto.tink:tink");
        }
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        return sealing;
    }

    private static boolean isPresent(String library) {
        try {
            Class.forName(library, false, Sealing.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
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
