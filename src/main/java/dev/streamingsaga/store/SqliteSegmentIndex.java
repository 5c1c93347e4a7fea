package dev.streamingsaga.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.jdbc.core.JdbcTemplate;

/** A copy of the vectors in memory, FTS5 for words. */
final class SqliteSegmentIndex implements SegmentIndex {
    private static final int MAX_WORDS = 64;
    private static final int PREFIX_FROM_CHARS = 4;
    private static final int ASKED_PER_HIT = 4;
    private static final int UNLIMITED = -1;

    private record WordHit(Key key, boolean visible) {}

    private final JdbcTemplate queries;
    private final VectorMemory memory;

    SqliteSegmentIndex(JdbcTemplate queries, VectorMemory memory) {
        this.queries = queries;
        this.memory = memory;
    }

    @Override
    public List<Key> nearest(Model model, float[] question, int limit) {
        return memory.nearest(model, question, limit);
    }

    /** Each word, and what begins with it: German inflects and compounds at the end. Whole words count twice. */
    @Override
    public List<Key> words(String text, int limit) {
        return match(
                wordsOf(text)
                        .limit(MAX_WORDS)
                        .map(word -> word.length() < PREFIX_FROM_CHARS
                                ? quoted(word)
                                : quoted(word) + " OR " + quoted(word) + " *")
                        .collect(Collectors.joining(" OR ")),
                limit);
    }

    @Override
    public List<Key> phrase(String text, int limit) {
        return match(wordsOf(text).findAny().isPresent() ? quoted(text) : "", limit);
    }

    private List<Key> match(String expression, int limit) {
        if (expression.isEmpty()) {
            return List.of();
        }
        // Asking each match whether it is visible costs more than ranking it: only the best are asked, and if too many
        // of
        // them were of documents not complete yet, all.
        List<SqliteSegmentIndex.WordHit> best = found(expression, limit * ASKED_PER_HIT);
        if (best.size() == limit * ASKED_PER_HIT
                && best.stream().filter(SqliteSegmentIndex.WordHit::visible).count() < limit) {
            best = found(expression, UNLIMITED);
        }
        return best.stream()
                .filter(SqliteSegmentIndex.WordHit::visible)
                .map(SqliteSegmentIndex.WordHit::key)
                .limit(limit)
                .toList();
    }

    private List<SqliteSegmentIndex.WordHit> found(String expression, int limit) {
        return queries.query("""
                select s.saga_id, s.ordinal, d.visible
                from (select rowid as id, rank as score from vector_words where vector_words match ? order by rank limit ?) w
                join vector_segment s on s.id = w.id
                join vector_document d on d.saga_id = s.saga_id
                order by w.score, s.saga_id, s.ordinal""", SqliteSegmentIndex::found, expression, limit);
    }

    private static Stream<String> wordsOf(String text) {
        return Stream.of(text.split("[^\\p{L}\\p{M}\\p{N}]+"))
                .filter(word -> !word.isEmpty())
                .distinct();
    }

    /** An FTS5 string: nothing in it is syntax. */
    private static String quoted(String text) {
        return '"' + text.replace("\"", "\"\"").replace('\0', ' ') + '"';
    }

    private static SqliteSegmentIndex.WordHit found(ResultSet row, int number) throws SQLException {
        return new SqliteSegmentIndex.WordHit(new Key(row.getString(1), row.getInt(2)), row.getInt(3) == 1);
    }
}
