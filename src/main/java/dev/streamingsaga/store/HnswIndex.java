package dev.streamingsaga.store;

import dev.streamingsaga.config.ServerConfig.VectorIndex;
import dev.streamingsaga.store.SegmentIndex.Model;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * The HNSW index of pgvector on the vectors of one model. A query uses it only if it has the same expression and
 * condition as the index, as literals.
 *
 * @param type {@code vector} or {@code halfvec}, the type of the indexed expression
 */
record HnswIndex(Model model, String type) {
    private static final int MAX_VECTOR_DIMENSION = 2000;
    private static final int MAX_HALFVEC_DIMENSION = 4000;

    /** Empty if none is configured, or if pgvector cannot index so many dimensions. */
    static Optional<HnswIndex> of(VectorIndex setting, Model model) {
        return switch (setting) {
            case EXACT -> Optional.empty();
            case HNSW ->
                Optional.of(new HnswIndex(model, "vector")).filter(index -> model.dimension() <= MAX_VECTOR_DIMENSION);
            case HNSW_HALFVEC ->
                Optional.of(new HnswIndex(model, "halfvec"))
                        .filter(index -> model.dimension() <= MAX_HALFVEC_DIMENSION);
        };
    }

    String name() {
        CRC32 hash = new CRC32();
        hash.update(model.id().getBytes(StandardCharsets.UTF_8));
        return "vector_segment_hnsw_%s_%d_%08x".formatted(type, model.dimension(), hash.getValue());
    }

    String create() {
        return "create index concurrently " + name() + " on vector_segment using hnsw ((" + expression() + ") " + type
                + "_cosine_ops) where " + condition();
    }

    /**
     * Selects {@code saga_id, ordinal, distance} of the nearest segments, visible or not; its parameter is a vector.
     */
    String nearest(int limit) {
        return "select saga_id, ordinal, " + distance() + " as distance from vector_segment where " + condition()
                + " order by distance limit " + limit;
    }

    private String distance() {
        return "(" + expression() + ") <=> cast(? as " + sized() + ")";
    }

    private String expression() {
        return "vector::" + sized();
    }

    private String condition() {
        return "model = '" + model.id().replace("'", "''") + "' and dimension = " + model.dimension();
    }

    private String sized() {
        return type + "(" + model.dimension() + ")";
    }
}
