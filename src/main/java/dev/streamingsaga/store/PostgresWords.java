package dev.streamingsaga.store;

import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Word search with tsvector. Ranking reads the words of each segment that it compares, so a statement ranks at most
 * {@value #MAX_RANKED} segments for each way to find them, however many contain a common word.
 */
final class PostgresWords {
    static final int MAX_RANKED = 2000;
    /** Segments with all words of a phrase that are read to see whether they contain the phrase. */
    static final int MAX_READ = 20_000;

    private static final String WITHOUT_ACCENTS =
            "translate(lower(?), 'àáâãäåçèéêëìíîïñòóôõöùúûüýÿ', 'aaaaaaceeeeiiiinooooouuuuyy')";
    /** Quotes a word for a tsquery. */
    private static final String QUOTED = "'''' || replace(replace(word, '\\', '\\\\'), '''', '''''') || ''''";

    private static final String SEGMENTS_OF_WORDS = "with query as materialized (select distinct word, "
            + QUOTED + " as quoted from unnest(tsvector_to_array(to_tsvector('simple', " + WITHOUT_ACCENTS + ")"
            + " || to_tsvector('german', ?) || to_tsvector('english', ?))) word)"
            + " select quoted, (select count(*) from (select 1 from vector_segment s"
            + " where s.words @@ (select query.quoted::tsquery) limit " + (MAX_RANKED + 1) + ") counted) as segments"
            + " from query order by segments, quoted";

    private record Word(String quoted, int segments) {}

    /** A tsquery: SQL with one parameter. */
    private record Query(String sql, String parameter) {
        static Query anyOf(List<Word> words) {
            return new Query(
                    "cast(? as tsquery)",
                    String.join(" | ", words.stream().map(Word::quoted).toList()));
        }
    }

    /** The keys of the segments to rank: SQL with parameters. */
    private record Candidates(String sql, List<String> parameters) {
        static Candidates ofAny(List<Query> queries) {
            return new Candidates(
                    queries.stream()
                            .map(query -> "select saga_id, ordinal from (" + visible(query, MAX_RANKED) + ") s")
                            .collect(Collectors.joining(" union ")),
                    queries.stream().map(Query::parameter).toList());
        }
    }

    private final JdbcTemplate queries;

    PostgresWords(JdbcTemplate queries) {
        this.queries = queries;
    }

    /** Returns segments with a rare word or with all words first; only if these are too few, others. */
    List<SegmentKey> words(String text, int limit) {
        List<Word> all = wordsOf(text);
        if (all.isEmpty()) {
            return List.of();
        }
        Query any = Query.anyOf(all);
        List<Word> rare = rarest(all);
        if (rare.size() == all.size()) {
            return ranked(Candidates.ofAny(List.of(any)), "ts_rank", any, limit);
        }
        List<Query> best =
                new ArrayList<>(List.of(new Query("plainto_tsquery('simple', " + WITHOUT_ACCENTS + ")", text)));
        if (!rare.isEmpty()) {
            best.add(Query.anyOf(rare));
        }
        Set<SegmentKey> found = new LinkedHashSet<>(ranked(Candidates.ofAny(best), "ts_rank", any, limit));
        if (found.size() < limit) {
            found.addAll(ranked(Candidates.ofAny(List.of(any)), "ts_rank", any, limit));
        }
        return found.stream().limit(limit).toList();
    }

    /**
     * Returns segments that contain all words in sequence. If more than {@value #MAX_READ} contain all words in any
     * order, only as many are read.
     */
    List<SegmentKey> phrase(String text, int limit) {
        Query all = new Query("plainto_tsquery('simple', " + WITHOUT_ACCENTS + ")", text);
        Query phrase = new Query("phraseto_tsquery('simple', " + WITHOUT_ACCENTS + ")", text);
        Candidates candidates = new Candidates(
                "select s.saga_id, s.ordinal from (" + visible(all, MAX_READ) + ") s where s.words @@ (select "
                        + phrase.sql() + ") limit " + MAX_RANKED,
                List.of(text, text));
        return ranked(candidates, "ts_rank_cd", phrase, limit);
    }

    /** Counts segments up to one more than are ranked, and leaves out words that no segment has. Rarest first. */
    private List<Word> wordsOf(String text) {
        return queries
                .query(SEGMENTS_OF_WORDS, (row, number) -> new Word(row.getString(1), row.getInt(2)), text, text, text)
                .stream()
                .filter(word -> word.segments() > 0)
                .toList();
    }

    /** The words that all segments with any of them can be ranked for. */
    private static List<Word> rarest(List<Word> rarestFirst) {
        int segments = 0;
        int count = 0;
        for (Word word : rarestFirst) {
            segments += word.segments();
            if (segments > MAX_RANKED) {
                break;
            }
            count++;
        }
        return rarestFirst.subList(0, count);
    }

    /** A subquery keeps the planner from estimating how often the words occur: it then always asks the index. */
    private static String visible(Query query, int limit) {
        return "select s.saga_id, s.ordinal, s.words from vector_segment s"
                + " join vector_document d on d.saga_id = s.saga_id and d.visible = 1"
                + " where s.words @@ (select " + query.sql() + ") limit " + limit;
    }

    private List<SegmentKey> ranked(Candidates candidates, String function, Query query, int limit) {
        List<Object> parameters = new ArrayList<>(candidates.parameters());
        parameters.add(query.parameter());
        parameters.add(limit);
        return queries.query(
                "with candidate as materialized (" + candidates.sql() + ")"
                        + " select s.saga_id, s.ordinal from candidate c"
                        + " join vector_segment s on s.saga_id = c.saga_id and s.ordinal = c.ordinal"
                        + " order by " + function + "(s.words, (select " + query.sql() + "), 1) desc,"
                        + " s.saga_id, s.ordinal limit ?",
                PostgresSegmentIndex::key,
                parameters.toArray());
    }
}
