package dev.streamingsaga.store;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.ServerConfig.Database;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.database.Databases.Dialect;
import dev.streamingsaga.journal.StoreNames;
import java.util.Optional;

/** How far the vector store in SQLite can grow; see docs/search.md. */
public final class EmbeddedVectorStore {
    /** With more segments, a search may take longer than 300 ms. */
    public static final long MAX_SEGMENTS = 300_000;

    private EmbeddedVectorStore() {}

    /** What to do about so many segments, if they are too many. */
    public static Optional<String> advice(long segments) {
        return segments <= MAX_SEGMENTS
                ? Optional.empty()
                : Optional.of(segments + " segments, the embedded vector store is made for " + MAX_SEGMENTS
                        + ": set saga.store.vector.url to a PostgreSQL server with pgvector,"
                        + " and saga.vector.index to hnsw");
    }

    /**
     * Counts the segments of a store that is not open. Empty for PostgreSQL, and if there are not too many.
     *
     * @throws RuntimeException if the database exists, but cannot be read
     */
    public static Optional<String> advice(SagaConfig config) {
        Database settings = config.servers().store(StoreNames.VECTOR);
        if (settings.url().map(Dialect::of).orElse(Dialect.SQLITE) != Dialect.SQLITE) {
            return Optional.empty();
        }
        long segments = Databases.inspect(
                        StoreNames.VECTOR,
                        settings,
                        config.dataDir(),
                        "select coalesce(sum(segments), 0) from vector_document where visible = 1")
                .orElse(0);
        return advice(segments);
    }
}
