package dev.streamingsaga.chunk;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.encryption.DataKey;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.sealing.DamagedObjectException;
import dev.streamingsaga.sealing.DocumentSealing;
import dev.streamingsaga.sealing.Sealing;
import java.io.IOException;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An encrypted manifest. It has the wrapped data key, so that the document can be read without the journal.
 *
 * @param keyId names the key encryption key
 * @param wrappedKey Base64
 * @param ciphertext Base64 of the encrypted JSON of a {@link Manifest}
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record ManifestEnvelope(
        String format,
        String documentId,
        String sagaId,
        String encryption,
        String keyId,
        String wrappedKey,
        String ciphertext) {
    static final String FORMAT = "streaming-saga-encrypted-manifest-1";

    private static final ObjectMapper JSON = new ObjectMapper();

    static ManifestEnvelope of(Manifest manifest, DocumentSealing objects) {
        byte[] sealed = objects.sealManifest(manifest.json());
        DataKey.Wrapped key = objects.wrappedKey();
        return new ManifestEnvelope(
                FORMAT,
                manifest.documentId(),
                manifest.sagaId(),
                Sealing.ENCRYPTION,
                key.keyId(),
                key.base64(),
                Base64.getEncoder().encodeToString(sealed));
    }

    /** Empty if these bytes are not an envelope; they may be a plain manifest. */
    static Optional<ManifestEnvelope> parse(byte[] json) {
        try {
            @Nullable ManifestEnvelope envelope = JSON.readValue(json, ManifestEnvelope.class);
            return Optional.ofNullable(envelope).filter(found -> FORMAT.equals(found.format));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    byte[] json() {
        try {
            return JSON.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an envelope is always writable as JSON", e);
        }
    }

    boolean hasKey(DataKey.Wrapped key) {
        return key.keyId().equals(keyId) && key.base64().equals(wrappedKey);
    }

    ManifestEnvelope rewrapped(DataKey.Wrapped key) {
        return new ManifestEnvelope(format, documentId, sagaId, encryption, key.keyId(), key.base64(), ciphertext);
    }

    /**
     * Whoever can write to the bucket could put all objects of an older version in the place of the current ones.
     *
     * @throws SagaException METADATA_CORRUPT if it is not the manifest of the saga with this prefix
     */
    void requirePlace(String keyPrefix) {
        if (!keyPrefix.endsWith("/" + documentId + "/" + sagaId + "/")) {
            throw new SagaException(
                    Reason.METADATA_CORRUPT,
                    keyPrefix + ChunkKeys.MANIFEST + " belongs to saga " + sagaId + " of document " + documentId
                            + ": it was taken from another document or version; nothing was read");
        }
    }

    /**
     * The objects of the document, with the data key of this envelope.
     *
     * @throws SagaException METADATA_CORRUPT if the envelope is incomplete
     */
    DocumentSealing objects(Sealing sealing, String key) {
        if (documentId == null || sagaId == null || keyId == null || wrappedKey == null || ciphertext == null) {
            throw new SagaException(Reason.METADATA_CORRUPT, key + " is an incomplete envelope; nothing was read");
        }
        return sealing.of(documentId, sagaId, new DataKey.Wrapped(keyId, decode(wrappedKey, key)));
    }

    /** @throws SagaException METADATA_CORRUPT if it is not the manifest of this saga */
    Manifest open(DocumentSealing objects, String key) {
        try {
            return Manifest.parse(objects.openManifest(decode(ciphertext, key)), key);
        } catch (DamagedObjectException e) {
            throw new SagaException(Reason.METADATA_CORRUPT, key + " " + e.getMessage() + "; nothing was read", e);
        }
    }

    private static byte[] decode(String base64, String key) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new SagaException(Reason.METADATA_CORRUPT, key + " has damaged Base64; nothing was read", e);
        }
    }
}
