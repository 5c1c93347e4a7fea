package dev.streamingsaga.store;

import dev.streamingsaga.config.ServerConfig.VectorIndex;
import dev.streamingsaga.store.SegmentIndex.Model;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * The HNSW index of pgvector on the vectors of one model. A query uses it only if it has the same expression and
 * condition as the index, as literals.
 *
 * @param type of the indexed expression
 */
record HnswIndex(Model model, HnswIndex.VectorType type) {

    /** A type of pgvector. */
    enum VectorType {
        VECTOR(2000),
        HALFVEC(4000);

        private final int maxDimension;

        VectorType(int maxDimension) {
            this.maxDimension = maxDimension;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Empty if none is configured, or if pgvector cannot index so many dimensions. */
    static Optional<HnswIndex> of(VectorIndex setting, Model model) {
        return switch (setting) {
            case EXACT -> Optional.empty();
            case HNSW -> of(VectorType.VECTOR, model);
            case HNSW_HALFVEC -> of(VectorType.HALFVEC, model);
        };
    }

    private static Optional<HnswIndex> of(VectorType type, Model model) {
        return model.dimension() <= type.maxDimension ? Optional.of(new HnswIndex(model, type)) : Optional.empty();
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
