package dev.streamingsaga.journal;

/** Chunks of one saga that are in the same state. */
public record ChunkTally(int chunks, long bytes) {
    public static final ChunkTally NONE = new ChunkTally(0, 0);
}
