package dev.streamingsaga.journal;

/**
 * A chunk as the journal knows it.
 *
 * @param index from 0, without gaps
 * @param key object key in the bucket
 * @param sha256 of the chunk's bytes, lower-case hex, taken before the upload
 */
public record ChunkRow(int index, long offset, long sizeBytes, String key, String sha256, State state, int attempts) {

    /** SENDING: an attempt was begun and its outcome is not known. SENT: the bucket answered. VERIFIED: the bucket was asked again. */
    public enum State { PENDING, SENDING, SENT, VERIFIED }
}
