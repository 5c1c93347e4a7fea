package dev.streamingsaga.store;

import dev.streamingsaga.store.SegmentIndex.Found;
import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Word search with tsvector. Ranking reads the words of each segment that it compares, so a statement ranks at most
 * {@value #MAX_RANKED} segments for each way to find them, however many contain a common word.
 */
final class PostgresWords {
    static final int MAX_RANKED = 2000;
    /** Segments with all words of a phrase that are read to see whether they contain the phrase. */
    static final int MAX_READ = 20_000;
    /** Limit of segments with a part of a word; a more frequent part is ignored. */
    static final int MAX_PARTS = 2000;

    /** Words in more segments than this are not counted, if the statistics of the database tell so. */
    static final int FREQUENT = 5 * MAX_RANKED;

    private static final int MAX_PREFIXES = 8;
    private static final String FREQUENT_WORDS = "select e.word from pg_stats t join pg_class c"
            + " on c.relname = t.tablename and c.relnamespace = cast(t.schemaname as regnamespace),"
            + " unnest(cast(cast(t.most_common_elems as text) as text[]), t.most_common_elem_freqs) e (word, frequency)"
            + " where t.schemaname = current_schema and t.tablename = 'vector_words' and t.attname = 'words'"
            + " and e.frequency * c.reltuples > " + FREQUENT + " and e.word = any (?)";
    private static final String VISIBLE = " join vector_document d on d.saga_id = s.saga_id and d.visible = 1";

    /** @param query a tsquery */
    private record Counted(Term term, String query, int segments) {}

    /** The keys of the segments to rank: SQL with parameters. */
    private record Candidates(String sql, List<Object> parameters) {
        static Candidates ofAny(List<String> tsqueries, DocumentFilter filter) {
            String one = "select saga_id, ordinal from (" + visible(MAX_RANKED, filter) + ") s";
            return new Candidates(
                    String.join(" union ", Collections.nCopies(tsqueries.size(), one)),
                    tsqueries.stream()
                            .flatMap(query -> Stream.of(filter.parameters(List.of(), query)))
                            .toList());
        }
    }

    private final JdbcTemplate queries;

    PostgresWords(JdbcTemplate queries) {
        this.queries = queries;
    }

    /** Returns segments with a rare word or with all words first; only if these are too few, others. */
    Found words(List<Term> terms, int limit, DocumentFilter filter) {
        List<Counted> counted = count(terms);
        Map<String, Integer> segments =
                counted.stream().collect(Collectors.toMap(word -> word.term().stem(), Counted::segments));
        List<Counted> all = counted.stream()
                .filter(word -> word.segments() > 0 || word.term().hasPrefix())
                .toList();
        if (all.isEmpty()) {
            return new Found(List.of(), segments);
        }
        List<Counted> rare = rarest(all);
        String any = joined(all, " | ");
        if (rare.size() == all.size()) {
            String withPrefixes = withPrefixes(rare, any);
            return new Found(
                    ranked(Candidates.ofAny(List.of(withPrefixes), filter), "ts_rank", withPrefixes, limit), segments);
        }
        List<String> best = new ArrayList<>(List.of(joined(all, " & ")));
        if (!rare.isEmpty()) {
            best.add(withPrefixes(rare, joined(rare, " | ")));
        }
        Set<SegmentKey> found = new LinkedHashSet<>(ranked(Candidates.ofAny(best, filter), "ts_rank", any, limit));
        if (found.size() < limit) {
            found.addAll(ranked(Candidates.ofAny(List.of(any), filter), "ts_rank", any, limit));
        }
        return new Found(found.stream().limit(limit).toList(), segments);
    }

    private static String withPrefixes(List<Counted> rare, String query) {
        return Stream.concat(
                        Stream.of(query),
                        rare.stream()
                                .filter(word -> word.term().hasPrefix())
                                .limit(MAX_PREFIXES)
                                .map(word -> prefix(word.term())))
                .collect(Collectors.joining(" | "));
    }

    /**
     * Returns segments that contain all sequences of words. If more than {@value #MAX_READ} contain all words in any
     * order, only as many are read.
     */
    List<SegmentKey> phrase(List<List<String>> sequences, int limit, DocumentFilter filter) {
        String all = sequences.stream()
                .flatMap(List::stream)
                .distinct()
                .map(PostgresWords::quoted)
                .collect(Collectors.joining(" & "));
        String phrase = sequences.stream()
                .map(sequence ->
                        sequence.stream().map(PostgresWords::quoted).collect(Collectors.joining(" <-> ", "(", ")")))
                .collect(Collectors.joining(" & "));
        List<Object> parameters = new ArrayList<>(List.of(filter.parameters(List.of(), all)));
        parameters.add(phrase);
        Candidates candidates = new Candidates(
                "select s.saga_id, s.ordinal from (" + visible(MAX_READ, filter)
                        + ") s where s.words @@ (select cast(? as tsquery)) limit " + MAX_RANKED,
                parameters);
        return ranked(candidates, "ts_rank_cd", phrase, limit);
    }

    Found parts(List<Term> terms, int limit, DocumentFilter filter) {
        PartScores<SegmentKey> scores = new PartScores<>();
        Map<String, Integer> counts = new HashMap<>();
        for (Term term : terms) {
            List<SegmentKey> segments = queries.query(
                    "select s.saga_id, s.ordinal from vector_words s where s.parts @> (select cast(? as smallint[]))"
                            + " limit " + (MAX_PARTS + 1),
                    PostgresSegmentIndex::key,
                    WordIndex.hashes(SearchText.gramsToFind(term.stem())));
            counts.put(term.stem(), segments.size());
            if (segments.size() <= MAX_PARTS) {
                scores.add(segments);
            }
        }
        return new Found(visible(scores.best(limit), filter), counts);
    }

    private List<SegmentKey> visible(List<SegmentKey> keys, DocumentFilter filter) {
        if (keys.isEmpty()) {
            return List.of();
        }
        List<Object> parameters = new ArrayList<>();
        keys.forEach(key -> Collections.addAll(parameters, key.sagaId(), key.ordinal()));
        return queries.query(
                "with s (saga_id, ordinal) as (values "
                        + String.join(",", Collections.nCopies(keys.size(), "(?, ?)"))
                        + ") select s.saga_id, s.ordinal from s" + VISIBLE + filter.sql(),
                PostgresSegmentIndex::key,
                filter.parameters(parameters));
    }

    /** Documents of an older version have their words in another column, until they are indexed again. */
    List<SegmentKey> notIndexed(String text, int limit, DocumentFilter filter) {
        return queries.query(
                "select s.saga_id, s.ordinal from vector_segment s" + VISIBLE + " and d.word_format = 0"
                        + filter.sql() + " where s.words @@ (select cast(replace(cast(plainto_tsquery('simple', ?) as"
                        + " text), ' & ', ' | ') as tsquery)) limit ?",
                PostgresSegmentIndex::key,
                filter.parameters(List.of(), text, limit));
    }

    /** Counts segments up to one more than are ranked. Rarest first. */
    private List<Counted> count(List<Term> terms) {
        Set<String> frequent = frequent(terms);
        Map<String, Integer> counts = countInIndex(
                terms.stream().filter(term -> !frequent.contains(term.stem())).toList());
        return terms.stream()
                .map(term -> new Counted(
                        term,
                        expression(term),
                        counts.getOrDefault(expression(term), frequent.contains(term.stem()) ? MAX_RANKED + 1 : 0)))
                .sorted(java.util.Comparator.comparingInt(Counted::segments))
                .toList();
    }

    /**
     * Words that are known to be in many segments. The index reads all entries of a word to count some of them: with a
     * million segments, that takes most of the time of a search for a sentence.
     */
    Set<String> frequent(List<Term> terms) {
        String[] stems = terms.stream().map(Term::stem).toArray(String[]::new);
        return new HashSet<>(queries.queryForList(FREQUENT_WORDS, String.class, (Object) stems));
    }

    private Map<String, Integer> countInIndex(List<Term> terms) {
        Map<String, Integer> counts = new HashMap<>();
        if (terms.isEmpty()) {
            return counts;
        }
        queries.query(
                "with query as materialized (select * from (values "
                        + String.join(",", Collections.nCopies(terms.size(), "(cast(? as text))"))
                        + ") words (word)) select word, (select count(*) from (select 1 from vector_words s"
                        + " where s.words @@ (select query.word::tsquery) limit " + (MAX_RANKED + 1) + ") counted)"
                        + " from query",
                row -> {
                    counts.put(row.getString(1), row.getInt(2));
                },
                terms.stream().map(PostgresWords::expression).toArray());
        return counts;
    }

    /** The words that all segments with any of them can be ranked for. */
    private static List<Counted> rarest(List<Counted> rarestFirst) {
        int segments = 0;
        int count = 0;
        for (Counted word : rarestFirst) {
            segments += word.segments();
            if (segments > MAX_RANKED) {
                break;
            }
            count++;
        }
        return rarestFirst.subList(0, count);
    }

    private static String joined(List<Counted> words, String operator) {
        return words.stream().map(Counted::query).collect(Collectors.joining(operator));
    }

    private static String expression(Term term) {
        return term.isOnlyPrefix() ? prefix(term) : quoted(term.stem());
    }

    private static String prefix(Term term) {
        return quoted(term.stem()) + ":*";
    }

    /** Words have neither quotes nor backslashes. */
    private static String quoted(String word) {
        return "'" + word + "'";
    }

    /** A subquery keeps the planner from estimating how often the words occur: it then always asks the index. */
    private static String visible(int limit, DocumentFilter filter) {
        return "select s.saga_id, s.ordinal, s.words from vector_words s" + VISIBLE + filter.sql()
                + " where s.words @@ (select cast(? as tsquery)) limit " + limit;
    }

    private List<SegmentKey> ranked(Candidates candidates, String function, String query, int limit) {
        List<Object> parameters = new ArrayList<>(candidates.parameters());
        parameters.add(query);
        parameters.add(limit);
        return queries.query(
                "with candidate as materialized (" + candidates.sql() + ")"
                        + " select s.saga_id, s.ordinal from candidate c"
                        + " join vector_words s on s.saga_id = c.saga_id and s.ordinal = c.ordinal"
                        + " order by " + function + "(s.words, (select cast(? as tsquery)), 1) desc,"
                        + " s.saga_id, s.ordinal limit ?",
                PostgresSegmentIndex::key,
                parameters.toArray());
    }
}
