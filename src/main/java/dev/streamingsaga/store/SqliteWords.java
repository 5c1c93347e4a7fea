package dev.streamingsaga.store;

import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Word search with FTS5. Ranking takes time for each segment that contains a word, so a search ranks at most
 * {@value #MAX_RANKED} segments, however many contain a common word.
 */
final class SqliteWords {
    static final int MAX_RANKED = 10_000;
    /** Of the segments that are not ranked, so many are read, and the shortest are returned. */
    static final int MAX_READ = 1000;

    private static final int MAX_WORDS = 64;
    private static final int MAX_PREFIXES = 8;
    private static final int PREFIX_FROM_CHARS = 4;
    private static final int CANDIDATES_PER_HIT = 4;

    private final JdbcTemplate queries;

    SqliteWords(JdbcTemplate queries) {
        this.queries = queries;
    }

    private record Word(String text, int segments) {}

    private record WordHit(SegmentKey key, boolean visible) {}

    /**
     * Matches each word, and for rare ones also words that begin with it, since German inflects and compounds at the
     * end. Whole words count twice. If segments with rare words are too few, adds some with all words, then some with
     * any word.
     */
    List<SegmentKey> words(String text, int limit) {
        List<Word> words = wordsOf(text)
                .limit(MAX_WORDS)
                .map(word -> new Word(word, count(quoted(word), MAX_RANKED + 1)))
                .filter(word -> word.segments() > 0 || word.text().length() >= PREFIX_FROM_CHARS)
                .sorted(Comparator.comparingInt(Word::segments))
                .toList();
        List<Word> rare = rarest(words);
        Set<SegmentKey> found = new LinkedHashSet<>(ranked(rankable(rare), limit));
        if (rare.size() < words.size()) {
            for (String operator : List.of(" AND ", " OR ")) {
                if (found.size() < limit) {
                    found.addAll(unranked(joined(words, operator), limit));
                }
            }
        }
        return found.stream().limit(limit).toList();
    }

    /** Segments that contain all words in sequence. */
    List<SegmentKey> phrase(String text, int limit) {
        if (wordsOf(text).findAny().isEmpty()) {
            return List.of();
        }
        String phrase = quoted(text);
        return count(phrase, MAX_RANKED + 1) > MAX_RANKED ? unranked(phrase, limit) : ranked(phrase, limit);
    }

    private static List<Word> rarest(List<Word> rarestFirst) {
        int segments = 0;
        int words = 0;
        for (Word word : rarestFirst) {
            segments += word.segments();
            if (segments > MAX_RANKED) {
                break;
            }
            words++;
        }
        return rarestFirst.subList(0, words);
    }

    private String rankable(List<Word> rare) {
        int room = MAX_RANKED - rare.stream().mapToInt(Word::segments).sum();
        List<String> terms =
                new ArrayList<>(rare.stream().map(word -> quoted(word.text())).toList());
        for (Word word : rare.subList(0, Math.min(MAX_PREFIXES, rare.size()))) {
            if (word.text().length() >= PREFIX_FROM_CHARS) {
                String prefix = quoted(word.text()) + " *";
                int segments = count(prefix, room + word.segments() + 1);
                room -= segments - word.segments();
                if (room < 0) {
                    break;
                }
                terms.add(prefix);
            }
        }
        return String.join(" OR ", terms);
    }

    private static String joined(List<Word> words, String operator) {
        return words.stream().map(word -> quoted(word.text())).collect(Collectors.joining(operator));
    }

    /** Counts up to a limit. */
    private int count(String expression, int limit) {
        Integer count = queries.queryForObject(
                "select count(*) from (select 1 from vector_words where vector_words match ? limit ?)",
                Integer.class,
                expression,
                limit);
        return count == null ? 0 : count;
    }

    private List<SegmentKey> unranked(String expression, int limit) {
        return queries.query(
                "select saga_id, ordinal from (select s.saga_id, s.ordinal, length(s.text) as length"
                        + " from vector_words w join vector_segment s on s.id = w.rowid"
                        + " join vector_document d on d.saga_id = s.saga_id and d.visible = 1"
                        + " where vector_words match ? limit " + MAX_READ
                        + ") order by length, saga_id, ordinal limit ?",
                (row, number) -> new SegmentKey(row.getString(1), row.getInt(2)),
                expression,
                limit);
    }

    private List<SegmentKey> ranked(String expression, int limit) {
        if (expression.isEmpty()) {
            return List.of();
        }
        // Checking whether a match is visible costs more than ranking it, so only the best are checked first.
        // If too many of them belong to incomplete documents, all are checked.
        List<WordHit> best = matches(expression, limit * CANDIDATES_PER_HIT);
        if (best.size() == limit * CANDIDATES_PER_HIT
                && best.stream().filter(WordHit::visible).count() < limit) {
            best = matches(expression, 2 * MAX_RANKED);
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
                order by w.score, s.saga_id, s.ordinal""", SqliteWords::wordHit, expression, limit);
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
