package dev.streamingsaga.digest;

import java.util.List;

/**
 * The digests of a source from one pass. Each byte was read once for both hashes, so the chunks, one after the other,
 * are exactly the bytes of {@code sha256}.
 *
 * @param sha256 of the whole file, lower-case hex
 * @param sizeBytes bytes read
 * @param chunkSha256 of each chunk in order, lower-case hex; empty for an empty file
 */
public record Digests(String sha256, long sizeBytes, List<String> chunkSha256) {
    public Digests {
        chunkSha256 = List.copyOf(chunkSha256);
    }
}
