package dev.streamingsaga.store;

import dev.streamingsaga.store.SegmentIndex.Model;
import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.springframework.jdbc.core.JdbcTemplate;

/** The vectors in the SQLite file, compared exactly. */
record StoredVectors(JdbcTemplate queries) {
    private static final int KEYS_PER_STATEMENT = 250;
    private static final String BY_KEY = "with wanted (saga_id, ordinal) as (values "
            + String.join(",", Collections.nCopies(KEYS_PER_STATEMENT, "(?, ?)")) + ")"
            + " select s.saga_id, s.ordinal, s.vector from wanted w"
            + " join vector_segment s on s.saga_id = w.saga_id and s.ordinal = w.ordinal"
            + " join vector_document d on d.saga_id = s.saga_id and d.visible = 1"
            + " where s.model = ? and s.dimension = ?";

    @FunctionalInterface
    interface VectorConsumer {
        /** @param vector valid during the call only */
        void accept(int ordinal, float[] vector);
    }

    /** Offers the cosines of those segments that are visible. */
    void compare(Collection<SegmentKey> keys, Model model, float[] query, NearestKeys nearest) {
        float[] vector = new float[model.dimension()];
        Iterator<SegmentKey> rest = keys.iterator();
        while (rest.hasNext()) {
            queries.query(
                    BY_KEY,
                    row -> {
                        VectorFormat.read(row.getBytes(3), vector, 0);
                        nearest.offer(dot(query, vector), new SegmentKey(row.getString(1), row.getInt(2)));
                    },
                    parameters(rest, model));
        }
    }

    private static Object[] parameters(Iterator<SegmentKey> rest, Model model) {
        List<Object> parameters = new ArrayList<>(2 * KEYS_PER_STATEMENT + 2);
        for (int i = 0; i < KEYS_PER_STATEMENT; i++) {
            SegmentKey key = rest.hasNext() ? rest.next() : new SegmentKey("", -1);
            Collections.addAll(parameters, key.sagaId(), key.ordinal());
        }
        Collections.addAll(parameters, model.id(), model.dimension());
        return parameters.toArray();
    }

    /** Offers the cosines of all segments of a document. */
    void compareAll(String sagaId, Model model, float[] query, NearestKeys nearest) {
        read(
                sagaId,
                model,
                0,
                Integer.MAX_VALUE,
                (ordinal, vector) -> nearest.offer(dot(query, vector), new SegmentKey(sagaId, ordinal)));
    }

    /** Reads the vectors of a document in order. */
    void read(String sagaId, Model model, int firstOrdinal, int limit, VectorConsumer consumer) {
        float[] vector = new float[model.dimension()];
        queries.query(
                "select ordinal, vector from vector_segment where saga_id = ? and ordinal >= ? and model = ?"
                        + " and dimension = ? order by ordinal limit ?",
                row -> {
                    VectorFormat.read(row.getBytes(2), vector, 0);
                    consumer.accept(row.getInt(1), vector);
                },
                sagaId,
                firstOrdinal,
                model.id(),
                model.dimension(),
                limit);
    }

    /** Vectors have unit length: the dot product is the cosine. */
    private static float dot(float[] query, float[] vector) {
        float dot = 0;
        for (int i = 0; i < query.length; i++) {
            dot += query[i] * vector[i];
        }
        return dot;
    }
}
