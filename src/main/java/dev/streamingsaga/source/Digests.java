package dev.streamingsaga.source;

import java.util.List;

/**
 * What one pass over a source file found. Every byte was read once and given to both hashes, so the chunks' bytes, one
 * after the other, are exactly the bytes of {@code sha256}.
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
