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
        Optional<String> etag) {

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
