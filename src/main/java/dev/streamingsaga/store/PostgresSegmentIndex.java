package dev.streamingsaga.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.springframework.jdbc.core.JdbcTemplate;

/** pgvector for vectors, tsvector for words. */
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
    public List<Key> nearest(Model model, float[] question, int limit) {
        // pgvector refuses to compare vectors of different sizes: the distance is only taken of rows that passed the
        // condition.
        return queries.query(
                "select s.saga_id, s.ordinal" + VISIBLE + " where s.model = ? and s.dimension = ?"
                        + " order by s.vector <=> cast(? as vector), s.saga_id, s.ordinal limit ?",
                PostgresSegmentIndex::key,
                model.id(),
                model.dimension(),
                VectorFormat.text(question),
                limit);
    }

    /** plainto_tsquery takes any text; it joins the words with &, which becomes | here. */
    @Override
    public List<Key> words(String text, int limit) {
        String query = "replace((plainto_tsquery('simple', " + WITHOUT_ACCENTS + ") && plainto_tsquery('german', ?)"
                + " && plainto_tsquery('english', ?))::text, '&', '|')::tsquery";
        return queries.query(
                "select s.saga_id, s.ordinal" + VISIBLE + ", (select " + query + " as q) asked where s.words @@ q"
                        + " order by ts_rank(s.words, q, 1) desc, s.saga_id, s.ordinal limit ?",
                PostgresSegmentIndex::key,
                text,
                text,
                text,
                limit);
    }

    @Override
    public List<Key> phrase(String text, int limit) {
        String query = "phraseto_tsquery('simple', " + WITHOUT_ACCENTS + ")";
        return queries.query(
                "select s.saga_id, s.ordinal" + VISIBLE + ", (select " + query + " as q) asked where s.words @@ q"
                        + " order by ts_rank_cd(s.words, q, 1) desc, s.saga_id, s.ordinal limit ?",
                PostgresSegmentIndex::key,
                text,
                limit);
    }

    private static Key key(ResultSet row, int number) throws SQLException {
        return new Key(row.getString(1), row.getInt(2));
    }
}
