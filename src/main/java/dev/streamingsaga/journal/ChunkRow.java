package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.util.Optional;

/**
 * A chunk as recorded in the journal.
 *
 * @param index from 0, without gaps
 * @param key object key in the bucket
 * @param sha256 of the chunk's bytes, lower-case hex, taken before the upload
 * @param etag the entity tag that the bucket returned for the stored chunk, without quotes; empty until an answer
 *     arrives, and if the answer had none
 * @param storedForm how the last attempt stored the chunk; empty if the object has the chunk's own bytes
 */
@PublicApi
public record ChunkRow(
        int index,
        long offset,
        long sizeBytes,
        String key,
        String sha256,
        ChunkRow.ChunkState state,
        int attempts,
        Optional<String> etag,
        Optional<StoredForm> storedForm) {

    /** Stored as it is. */
    public ChunkRow(
            int index,
            long offset,
            long sizeBytes,
            String key,
            String sha256,
            ChunkRow.ChunkState state,
            int attempts,
            Optional<String> etag) {
        this(index, offset, sizeBytes, key, sha256, state, attempts, etag, Optional.empty());
    }

    /** Without an entity tag. */
    public ChunkRow(
            int index,
            long offset,
            long sizeBytes,
            String key,
            String sha256,
            ChunkRow.ChunkState state,
            int attempts) {
        this(index, offset, sizeBytes, key, sha256, state, attempts, Optional.empty());
    }

    /** The size of the object in the bucket. */
    public long storedSizeBytes() {
        return storedForm.map(StoredForm::sizeBytes).orElse(sizeBytes);
    }

    /** SHA-256 of the object in the bucket, lower-case hex. */
    public String storedSha256() {
        return storedForm.map(StoredForm::sha256).orElse(sha256);
    }

    /** The compression of the object in the bucket. */
    public String codec() {
        return storedForm.map(StoredForm::codec).orElse(StoredForm.NONE);
    }

    /** The same chunk in another stored form. */
    public ChunkRow storedAs(Optional<StoredForm> form) {
        return new ChunkRow(index, offset, sizeBytes, key, sha256, state, attempts, etag, form);
    }

    /**
     * SENDING: an attempt began and its outcome is unknown. SENT: the bucket confirmed the chunk. VERIFIED: the step
     * {@code verify} checked the chunk in the bucket.
     */
    public enum ChunkState {
        PENDING,
        SENDING,
        SENT,
        VERIFIED
    }
}
