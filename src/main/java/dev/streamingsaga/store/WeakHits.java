package dev.streamingsaga.store;

import dev.streamingsaga.database.Databases.Dialect;
import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.springframework.jdbc.core.JdbcTemplate;

/** Something is always the nearest, even to a word that means nothing. Drops segments that are not near enough. */
record WeakHits(JdbcTemplate queries, Dialect dialect) {

    /** @return the keys, in order, whose vectors have at least this cosine similarity with the query */
    List<SegmentKey> without(List<SegmentKey> keys, float[] query, float minSimilarity) {
        if (keys.isEmpty() || minSimilarity <= -1) {
            return keys;
        }
        List<Object> parameters = new ArrayList<>(keys.size() * 2);
        keys.forEach(key -> Collections.addAll(parameters, key.sagaId(), key.ordinal()));
        Set<SegmentKey> near = new HashSet<>();
        float[] vector = new float[query.length];
        queries.query(
                "with found (saga_id, ordinal) as (values "
                        + String.join(",", Collections.nCopies(keys.size(), "(?, ?)"))
                        + ") select s.saga_id, s.ordinal, " + vectorColumn()
                        + " from found w join vector_segment s on s.saga_id = w.saga_id and s.ordinal = w.ordinal",
                row -> {
                    if (dialect == Dialect.POSTGRESQL) {
                        VectorFormat.read(row.getString(3), vector);
                    } else {
                        VectorFormat.read(row.getBytes(3), vector, 0);
                    }
                    if (cosine(query, vector) >= minSimilarity) {
                        near.add(new SegmentKey(row.getString(1), row.getInt(2)));
                    }
                },
                parameters.toArray());
        return keys.stream().filter(near::contains).toList();
    }

    private String vectorColumn() {
        return dialect == Dialect.POSTGRESQL ? "cast(s.vector as text)" : "s.vector";
    }

    /** Vectors have unit length. */
    private static float cosine(float[] one, float[] other) {
        float dot = 0;
        for (int i = 0; i < one.length; i++) {
            dot += one[i] * other[i];
        }
        return dot;
    }
}
