package dev.streamingsaga.store;

import dev.streamingsaga.config.ServerConfig.VectorIndex;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Searches vectors with pgvector and words with tsvector. */
final class PostgresSegmentIndex implements SegmentIndex {
    /** Segments that an HNSW index is asked for: more than needed, since some are not visible. */
    static final int MIN_NEAREST = 200;

    private static final String VISIBLE = " join vector_document d on d.saga_id = s.saga_id and d.visible = 1";

    private final JdbcTemplate queries;
    private final PostgresWords words;
    private final VectorIndex vectorIndex;

    PostgresSegmentIndex(JdbcTemplate queries, VectorIndex vectorIndex) {
        this.queries = queries;
        this.words = new PostgresWords(queries);
        this.vectorIndex = vectorIndex;
    }

    @Override
    public List<SegmentKey> nearest(Model model, float[] query, int limit, DocumentFilter filter) {
        List<SegmentKey> found = HnswIndex.of(vectorIndex, model)
                .map(index -> nearest(index, query, limit, filter))
                .orElse(List.of());
        return found.size() == limit ? found : nearestOfAll(model, query, limit, filter);
    }

    private List<SegmentKey> nearest(HnswIndex index, float[] query, int limit, DocumentFilter filter) {
        int candidates = Math.max(MIN_NEAREST, 2 * limit);
        JdbcTransactionManager transactions =
                new JdbcTransactionManager(Objects.requireNonNull(queries.getDataSource()));
        return Objects.requireNonNull(new TransactionTemplate(transactions).execute(transaction -> {
            queries.queryForObject(
                    "select set_config('hnsw.ef_search', ?, true)", String.class, Integer.toString(candidates));
            return queries.query(
                    nearestVisible(index, candidates, filter),
                    PostgresSegmentIndex::key,
                    filter.parameters(List.of(VectorFormat.text(query)), limit));
        }));
    }

    /** Its parameters are a vector, those of the filter, and the limit. */
    static String nearestVisible(HnswIndex index, int candidates, DocumentFilter filter) {
        return "select s.saga_id, s.ordinal from (" + index.nearest(candidates) + ") s" + VISIBLE + filter.sql()
                + " order by s.distance, s.saga_id, s.ordinal limit ?";
    }

    private List<SegmentKey> nearestOfAll(Model model, float[] query, int limit, DocumentFilter filter) {
        // pgvector rejects vectors of different sizes, so only rows that pass the condition are compared.
        return queries.query(
                "select s.saga_id, s.ordinal from vector_segment s" + VISIBLE + filter.sql()
                        + " where s.model = ? and s.dimension = ?"
                        + " order by s.vector <=> cast(? as vector), s.saga_id, s.ordinal limit ?",
                PostgresSegmentIndex::key,
                filter.parameters(List.of(), model.id(), model.dimension(), VectorFormat.text(query), limit));
    }

    @Override
    public Found words(List<Term> terms, int limit, DocumentFilter filter) {
        return words.words(terms, limit, filter);
    }

    @Override
    public Found parts(List<Term> terms, int limit, DocumentFilter filter) {
        return words.parts(terms, limit, filter);
    }

    @Override
    public List<SegmentKey> phrase(List<List<String>> sequences, int limit, DocumentFilter filter) {
        return words.phrase(sequences, limit, filter);
    }

    @Override
    public List<SegmentKey> notIndexed(String text, int limit, DocumentFilter filter) {
        return words.notIndexed(text, limit, filter);
    }

    static SegmentKey key(ResultSet row, int number) throws SQLException {
        return new SegmentKey(row.getString(1), row.getInt(2));
    }
}
