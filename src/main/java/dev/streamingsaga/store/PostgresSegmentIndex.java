package dev.streamingsaga.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.springframework.jdbc.core.JdbcTemplate;

/** Searches vectors with pgvector and words with tsvector. */
final class PostgresSegmentIndex implements SegmentIndex {
    private static final String VISIBLE =
            " from vector_segment s join vector_document d on d.saga_id = s.saga_id and d.visible = 1";

    private final JdbcTemplate queries;
    private final PostgresWords words;

    PostgresSegmentIndex(JdbcTemplate queries) {
        this.queries = queries;
        this.words = new PostgresWords(queries);
    }

    @Override
    public List<SegmentKey> nearest(Model model, float[] query, int limit) {
        // pgvector rejects vectors of different sizes, so only rows that pass the condition are compared.
        return queries.query(
                "select s.saga_id, s.ordinal" + VISIBLE + " where s.model = ? and s.dimension = ?"
                        + " order by s.vector <=> cast(? as vector), s.saga_id, s.ordinal limit ?",
                PostgresSegmentIndex::key,
                model.id(),
                model.dimension(),
                VectorFormat.text(query),
                limit);
    }

    @Override
    public List<SegmentKey> words(String text, int limit) {
        return words.words(text, limit);
    }

    @Override
    public List<SegmentKey> phrase(String text, int limit) {
        return words.phrase(text, limit);
    }

    static SegmentKey key(ResultSet row, int number) throws SQLException {
        return new SegmentKey(row.getString(1), row.getInt(2));
    }
}
