package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;

/** Chunks of one saga that are in the same state. */
@PublicApi
public record ChunkTally(int chunks, long bytes) {
    public static final ChunkTally NONE = new ChunkTally(0, 0);
}
