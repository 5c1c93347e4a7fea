package dev.streamingsaga.store;

import dev.streamingsaga.store.SegmentIndex.Found;
import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.jdbc.BadSqlGrammarException;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Word search with FTS5. Ranking takes time for each segment that contains a word, so a search ranks at most
 * {@value #MAX_RANKED} segments, however many contain a common word.
 */
final class SqliteWords {
    static final int MAX_RANKED = 10_000;
    /** Of the segments that are not ranked, so many are read, and the shortest are returned. */
    static final int MAX_READ = 1000;
    /** Limit of segments with a part of a word; a more frequent part is ignored. */
    static final int MAX_PARTS = 2000;

    private static final int MAX_PREFIXES = 8;
    private static final int CANDIDATES_PER_HIT = 4;

    private final JdbcTemplate queries;

    SqliteWords(JdbcTemplate queries) {
        this.queries = queries;
    }

    private record Counted(Term term, int segments) {}

    private record WordHit(SegmentKey key, boolean visible) {}

    /**
     * Matches each word, and for rare ones also words that begin with it, since German inflects and compounds at the
     * end. Whole words count twice. If segments with rare words are too few, adds some with all words, then some with
     * any word.
     */
    Found words(List<Term> terms, int limit, DocumentFilter filter) {
        List<Counted> counted = terms.stream()
                .map(term -> new Counted(term, count(expression(term), MAX_RANKED + 1)))
                .sorted(Comparator.comparingInt(Counted::segments))
                .toList();
        List<Counted> words = counted.stream()
                .filter(word -> word.segments() > 0 || word.term().hasPrefix())
                .toList();
        List<Counted> rare = rarest(words);
        Set<SegmentKey> found = new LinkedHashSet<>(ranked(rankable(rare), limit, filter));
        if (rare.size() < words.size()) {
            for (String operator : List.of(" AND ", " OR ")) {
                if (found.size() < limit) {
                    found.addAll(unranked(joined(words, operator), limit, filter));
                }
            }
        }
        return new Found(
                found.stream().limit(limit).toList(),
                counted.stream().collect(Collectors.toMap(word -> word.term().stem(), Counted::segments)));
    }

    /** Segments that contain all sequences of words. */
    List<SegmentKey> phrase(List<List<String>> sequences, int limit, DocumentFilter filter) {
        String phrase = sequences.stream()
                .map(sequence -> quoted(String.join(" ", sequence)))
                .collect(Collectors.joining(" AND "));
        return count(phrase, MAX_RANKED + 1) > MAX_RANKED
                ? unranked(phrase, limit, filter)
                : ranked(phrase, limit, filter);
    }

    Found parts(List<Term> terms, int limit, DocumentFilter filter) {
        PartScores<Long> scores = new PartScores<>();
        Map<String, Integer> counts = new HashMap<>();
        for (Term term : terms) {
            List<Long> segments = queries.queryForList(
                    "select rowid from vector_parts where vector_parts match ? limit " + (MAX_PARTS + 1),
                    Long.class,
                    SearchText.gramsToFind(term.stem()).stream()
                            .map(SqliteWords::quoted)
                            .collect(Collectors.joining(" AND ")));
            counts.put(term.stem(), segments.size());
            if (segments.size() <= MAX_PARTS) {
                scores.add(segments);
            }
        }
        return new Found(keys(scores.best(limit), filter), counts);
    }

    private List<SegmentKey> keys(List<Long> ids, DocumentFilter filter) {
        if (ids.isEmpty()) {
            return List.of();
        }
        return queries.query(
                "select s.saga_id, s.ordinal from vector_segment s"
                        + " join vector_document d on d.saga_id = s.saga_id and d.visible = 1" + filter.sql()
                        + " where s.id in (" + String.join(",", Collections.nCopies(ids.size(), "?")) + ")",
                SqliteWords::key,
                filter.parameters(List.of(), ids.toArray()));
    }

    /** Documents of an older version have their words in a table of their own, until they are indexed again. */
    List<SegmentKey> notIndexed(String text, int limit, DocumentFilter filter) {
        String any = Stream.of(text.split("[^\\p{L}\\p{M}\\p{N}]+"))
                .filter(word -> !word.isEmpty())
                .map(SqliteWords::quoted)
                .collect(Collectors.joining(" OR "));
        if (any.isEmpty()) {
            return List.of();
        }
        try {
            return queries.query(
                    "select s.saga_id, s.ordinal from (select rowid as id from vector_old_words"
                            + " where vector_old_words match ? limit " + MAX_RANKED + ") w"
                            + " join vector_segment s on s.id = w.id join vector_document d"
                            + " on d.saga_id = s.saga_id and d.visible = 1 and d.word_format = 0" + filter.sql()
                            + " limit ?",
                    SqliteWords::key,
                    filter.parameters(List.of(any), limit));
        } catch (BadSqlGrammarException e) {
            return List.of(); // the table was dropped in this moment, since all documents are in the index
        }
    }

    private static List<Counted> rarest(List<Counted> rarestFirst) {
        int segments = 0;
        int words = 0;
        for (Counted word : rarestFirst) {
            segments += word.segments();
            if (segments > MAX_RANKED) {
                break;
            }
            words++;
        }
        return rarestFirst.subList(0, words);
    }

    private String rankable(List<Counted> rare) {
        int room = MAX_RANKED - rare.stream().mapToInt(Counted::segments).sum();
        List<String> terms = new ArrayList<>(
                rare.stream().map(word -> expression(word.term())).toList());
        for (Counted word : rare.subList(0, Math.min(MAX_PREFIXES, rare.size()))) {
            if (word.term().hasPrefix()) {
                String prefix = prefix(word.term());
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

    private static String joined(List<Counted> words, String operator) {
        return words.stream().map(word -> expression(word.term())).collect(Collectors.joining(operator));
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

    private List<SegmentKey> unranked(String expression, int limit, DocumentFilter filter) {
        return queries.query(
                "select saga_id, ordinal from (select s.saga_id, s.ordinal, length(s.text) as length"
                        + " from vector_words w join vector_segment s on s.id = w.rowid"
                        + " join vector_document d on d.saga_id = s.saga_id and d.visible = 1" + filter.sql()
                        + " where vector_words match ? limit " + MAX_READ
                        + ") order by length, saga_id, ordinal limit ?",
                SqliteWords::key,
                filter.parameters(List.of(), expression, limit));
    }

    private List<SegmentKey> ranked(String expression, int limit, DocumentFilter filter) {
        if (expression.isEmpty()) {
            return List.of();
        }
        // Checking whether a match is visible costs more than ranking it, so only the best are checked first.
        // If too many of them belong to other documents, all are checked.
        List<WordHit> best = matches(expression, limit * CANDIDATES_PER_HIT, filter);
        if (best.size() == limit * CANDIDATES_PER_HIT
                && best.stream().filter(WordHit::visible).count() < limit) {
            best = matches(expression, 2 * MAX_RANKED, filter);
        }
        return best.stream()
                .filter(WordHit::visible)
                .map(WordHit::key)
                .limit(limit)
                .toList();
    }

    private List<WordHit> matches(String expression, int limit, DocumentFilter filter) {
        return queries.query(
                "select s.saga_id, s.ordinal, case when d.visible = 1" + filter.sql() + " then 1 else 0 end"
                        + " from (select rowid as id, rank as score from vector_words where vector_words match ?"
                        + " order by rank limit ?) w"
                        + " join vector_segment s on s.id = w.id"
                        + " join vector_document d on d.saga_id = s.saga_id"
                        + " order by w.score, s.saga_id, s.ordinal",
                SqliteWords::wordHit,
                filter.parameters(List.of(), expression, limit));
    }

    private static String expression(Term term) {
        return term.isOnlyPrefix() ? prefix(term) : quoted(term.stem());
    }

    private static String prefix(Term term) {
        return quoted(term.stem()) + " *";
    }

    /** Quotes text as an FTS5 string, in which nothing is syntax. */
    private static String quoted(String text) {
        return '"' + text.replace("\"", "\"\"").replace('\0', ' ') + '"';
    }

    private static WordHit wordHit(ResultSet row, int number) throws SQLException {
        return new WordHit(key(row, number), row.getInt(3) == 1);
    }

    private static SegmentKey key(ResultSet row, int number) throws SQLException {
        return new SegmentKey(row.getString(1), row.getInt(2));
    }
}
