package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;

/**
 * The object of a chunk in the bucket, when its bytes are not the chunk's own: compressed, encrypted or both.
 *
 * @param codec {@code none} or {@code zstd}; compression comes before encryption
 * @param encryption {@code none} or the name of the format
 * @param sizeBytes of the object
 * @param sha256 of the object's bytes, lower-case hex
 */
@PublicApi
public record StoredForm(String codec, String encryption, long sizeBytes, String sha256) {
    public static final String NONE = "none";

    public boolean isEncrypted() {
        return !encryption.equals(NONE);
    }

    public boolean isCompressed() {
        return !codec.equals(NONE);
    }
}
