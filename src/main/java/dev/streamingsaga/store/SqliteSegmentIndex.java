package dev.streamingsaga.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.jdbc.core.JdbcTemplate;

/** Searches vectors in a memory copy and words with FTS5. */
final class SqliteSegmentIndex implements SegmentIndex {
    private static final int MAX_WORDS = 64;
    private static final int PREFIX_FROM_CHARS = 4;
    private static final int CANDIDATES_PER_HIT = 4;
    private static final int UNLIMITED = -1;

    private record WordHit(SegmentKey key, boolean visible) {}

    private final JdbcTemplate queries;
    private final VectorMemory memory;

    SqliteSegmentIndex(JdbcTemplate queries, VectorMemory memory) {
        this.queries = queries;
        this.memory = memory;
    }

    @Override
    public List<SegmentKey> nearest(Model model, float[] query, int limit) {
        return memory.nearest(model, query, limit);
    }

    /**
     * Matches each word and words that begin with it, since German inflects and compounds at the end. Whole words count
     * twice.
     */
    @Override
    public List<SegmentKey> words(String text, int limit) {
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
    public List<SegmentKey> phrase(String text, int limit) {
        return match(wordsOf(text).findAny().isPresent() ? quoted(text) : "", limit);
    }

    private List<SegmentKey> match(String expression, int limit) {
        if (expression.isEmpty()) {
            return List.of();
        }
        // Checking whether a match is visible costs more than ranking it, so only the best are checked first.
        // If too many of them belong to incomplete documents, all are checked.
        List<WordHit> best = matches(expression, limit * CANDIDATES_PER_HIT);
        if (best.size() == limit * CANDIDATES_PER_HIT
                && best.stream().filter(WordHit::visible).count() < limit) {
            best = matches(expression, UNLIMITED);
        }
        return best.stream()
                .filter(WordHit::visible)
                .map(WordHit::key)
                .limit(limit)
                .toList();
    }

    private List<WordHit> matches(String expression, int limit) {
        return queries.query("""
                select s.saga_id, s.ordinal, d.visible
                from (select rowid as id, rank as score from vector_words where vector_words match ?
                      order by rank limit ?) w
                join vector_segment s on s.id = w.id
                join vector_document d on d.saga_id = s.saga_id
                order by w.score, s.saga_id, s.ordinal""", SqliteSegmentIndex::wordHit, expression, limit);
    }

    private static Stream<String> wordsOf(String text) {
        return Stream.of(text.split("[^\\p{L}\\p{M}\\p{N}]+"))
                .filter(word -> !word.isEmpty())
                .distinct();
    }

    /** Quotes text as an FTS5 string, in which nothing is syntax. */
    private static String quoted(String text) {
        return '"' + text.replace("\"", "\"\"").replace('\0', ' ') + '"';
    }

    private static WordHit wordHit(ResultSet row, int number) throws SQLException {
        return new WordHit(new SegmentKey(row.getString(1), row.getInt(2)), row.getInt(3) == 1);
    }
}
