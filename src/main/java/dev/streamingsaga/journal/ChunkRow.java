package dev.streamingsaga.journal;

import java.util.Optional;

/**
 * A chunk as the journal knows it.
 *
 * @param index from 0, without gaps
 * @param key object key in the bucket
 * @param sha256 of the chunk's bytes, lower-case hex, taken before the upload
 * @param etag the entity tag that the bucket answered with when it had stored the chunk, without quotes; empty as long
 *     as nobody saw an answer, and if it had none
 */
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
     * SENDING: an attempt was begun and its outcome is not known. SENT: the bucket answered. VERIFIED: the bucket was
     * asked again.
     */
    public enum ChunkState {
        PENDING,
        SENDING,
        SENT,
        VERIFIED
    }
}
