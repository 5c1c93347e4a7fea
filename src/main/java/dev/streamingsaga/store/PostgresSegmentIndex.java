package dev.streamingsaga.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.springframework.jdbc.core.JdbcTemplate;

/** Searches vectors with pgvector and words with tsvector. */
final class PostgresSegmentIndex implements SegmentIndex {
    private static final String VISIBLE =
            " from vector_segment s join vector_document d on d.saga_id = s.saga_id and d.visible = 1";
    private static final String WITHOUT_ACCENTS =
            "translate(lower(?), 'àáâãåäçèéêëìíîïñòóôõöùúûüýÿ', 'aaaaaaceeeeiiiinooooouuuuyy')";

    private final JdbcTemplate queries;

    PostgresSegmentIndex(JdbcTemplate queries) {
        this.queries = queries;
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

    /** plainto_tsquery accepts any text and joins the words with &amp;; this replaces it by |. */
    @Override
    public List<SegmentKey> words(String text, int limit) {
        String query = "replace((plainto_tsquery('simple', " + WITHOUT_ACCENTS + ") && plainto_tsquery('german', ?)"
                + " && plainto_tsquery('english', ?))::text, '&', '|')::tsquery";
        return queries.query(
                "select s.saga_id, s.ordinal" + VISIBLE + ", (select " + query + " as q) terms where s.words @@ q"
                        + " order by ts_rank(s.words, q, 1) desc, s.saga_id, s.ordinal limit ?",
                PostgresSegmentIndex::key,
                text,
                text,
                text,
                limit);
    }

    @Override
    public List<SegmentKey> phrase(String text, int limit) {
        String query = "phraseto_tsquery('simple', " + WITHOUT_ACCENTS + ")";
        return queries.query(
                "select s.saga_id, s.ordinal" + VISIBLE + ", (select " + query + " as q) terms where s.words @@ q"
                        + " order by ts_rank_cd(s.words, q, 1) desc, s.saga_id, s.ordinal limit ?",
                PostgresSegmentIndex::key,
                text,
                limit);
    }

    private static SegmentKey key(ResultSet row, int number) throws SQLException {
        return new SegmentKey(row.getString(1), row.getInt(2));
    }
}
