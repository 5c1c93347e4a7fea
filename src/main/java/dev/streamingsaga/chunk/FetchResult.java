package dev.streamingsaga.chunk;

import dev.streamingsaga.annotation.PublicApi;

/** A fetched document; every byte was checked against {@code sha256}. */
@PublicApi
public record FetchResult(
        String documentId, String sagaId, String fileName, long sizeBytes, String sha256, int chunkCount) {}
