package dev.streamingsaga.journal;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A body that arrives in the bucket, as the journal knows it.
 *
 * @param resumable whether the sender may continue it with another request
 * @param length size of the whole body as announced; empty if it was not
 * @param expectedSha256 what the sender announced, lower-case hex
 * @param metadata as sent
 * @param confirmedChunkBytes size of the chunks that the bucket has confirmed without a gap
 * @param tail the bytes behind these chunks
 */
public record OpenUpload(
        SagaRecord saga,
        boolean resumable,
        OptionalLong length,
        Optional<String> expectedSha256,
        String metadata,
        Instant expiresAt,
        long confirmedChunkBytes,
        Optional<Tail> tail) {

    /**
     * Bytes that the bucket holds and that do not fill a chunk yet.
     *
     * @param start their place in the body
     */
    public record Tail(String key, long start, long sizeBytes, String sha256) {
        public long end() {
            return start + sizeBytes;
        }
    }

    /** Number of bytes that the bucket has confirmed without a gap. */
    public long offset() {
        return confirmedChunkBytes + tail.map(Tail::sizeBytes).orElse(0L);
    }
}
