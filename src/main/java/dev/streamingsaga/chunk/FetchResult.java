package dev.streamingsaga.chunk;

/** A fetched document; every byte was checked against {@code sha256}. */
public record FetchResult(
        String documentId, String sagaId, String fileName, long sizeBytes, String sha256, int chunkCount) {}
