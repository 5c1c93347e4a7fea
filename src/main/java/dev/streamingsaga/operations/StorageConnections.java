package dev.streamingsaga.operations;

import dev.streamingsaga.annotation.Internal;
import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.recovery.DocumentCheck;
import dev.streamingsaga.recovery.Orphans;
import dev.streamingsaga.store.VectorSearch;
import java.util.Optional;

/** Bucket and stores, which may be opened only when they are first used. The provider closes them. */
@Internal
public interface StorageConnections {
    ChunkStore bucket();

    /** Empty if the store {@code vector} is not a participant. */
    Optional<VectorSearch> search();

    Orphans orphans();

    DocumentCheck documentCheck();
}
