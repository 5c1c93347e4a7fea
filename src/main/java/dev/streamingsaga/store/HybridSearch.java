package dev.streamingsaga.store;

import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.content.Embedder;
import dev.streamingsaga.database.Databases.Dialect;
import dev.streamingsaga.store.SegmentIndex.Key;
import dev.streamingsaga.store.SegmentIndex.Model;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Fuses the three lists by reciprocal rank: a segment gets 1 / (60 + rank) for each list it is in, which needs no
 * common scale. One that holds the phrase gets 1 more, one that holds it letter by letter, accents included, 2 more.
 */
final class HybridSearch implements VectorSearch {
    private static final Logger LOG = LoggerFactory.getLogger(HybridSearch.class);
    private static final int RANK_OFFSET = 60;
    private static final int MIN_CANDIDATES = 50;
    /** Models that mark questions as such need some tokens for it. */
    private static final int SPARE_TOKENS = 16;

    private final JdbcTemplate queries;
    private final SegmentIndex index;
    private final DocumentContent content;
    private volatile Map<String, Long> lastForeign = Map.of();

    private HybridSearch(JdbcTemplate queries, SegmentIndex index, DocumentContent content) {
        this.queries = queries;
        this.index = index;
        this.content = content;
    }

    static HybridSearch over(StoreDatabase db, DocumentContent content) {
        JdbcTemplate queries = db.queries();
        SegmentIndex index = db.dialect() == Dialect.POSTGRESQL
                ? new PostgresSegmentIndex(queries)
                : new SqliteSegmentIndex(
                        queries, new VectorMemory(queries, Runtime.getRuntime().maxMemory() / 4));
        return new HybridSearch(queries, index, content);
    }

    private record Ranked(double score, List<String> how) {
        Ranked plus(double more, String way) {
            List<String> ways = new ArrayList<>(how);
            ways.add(way);
            return new Ranked(score + more, ways);
        }
    }

    @Override
    public List<Hit> search(String text, int limit) {
        if (limit < 1 || limit > MAX_LIMIT) {
            throw new IllegalArgumentException("a search gives 1 to " + MAX_LIMIT + " hits, not " + limit);
        }
        if (text.length() > MAX_TEXT_CHARS) {
            throw new IllegalArgumentException(
                    "a search text has at most " + MAX_TEXT_CHARS + " characters, not " + text.length());
        }
        String question =
                DatabaseText.of(Normalizer.normalize(text, Normalizer.Form.NFC)).strip();
        if (question.isEmpty()) {
            return List.of();
        }
        int candidates = Math.max(MIN_CANDIDATES, limit);
        Map<Key, Ranked> ranked = new LinkedHashMap<>();
        add(ranked, index.phrase(question, candidates), "phrase", 1);
        add(ranked, index.words(question, candidates), "words", 0);
        add(ranked, nearest(question, candidates), "meaning", 0);
        return hits(ranked, question).stream().limit(limit).toList();
    }

    private static void add(Map<Key, Ranked> ranked, List<Key> keys, String how, double bonus) {
        for (int rank = 0; rank < keys.size(); rank++) {
            Ranked before = ranked.getOrDefault(keys.get(rank), new Ranked(0, List.of()));
            ranked.put(keys.get(rank), before.plus(bonus + 1.0 / (RANK_OFFSET + rank + 1), how));
        }
    }

    private List<Key> nearest(String question, int limit) {
        Map<String, Long> models = models();
        if (models.isEmpty()) {
            return List.of();
        }
        Embedder embedder = content.embedder();
        Model model = new Model(embedder.modelId(), embedder.dimension());
        warn(foreign(models, model), model);
        if (!models.containsKey(name(model.id(), model.dimension()))) {
            return List.of();
        }
        float[] vector = embedder.embedQuery(fitting(question, embedder));
        if (vector.length != model.dimension()) {
            throw new IllegalStateException("model " + model.id() + " gave the question a vector of " + vector.length
                    + " numbers instead of " + model.dimension() + "; check saga.embedding.dimension");
        }
        return index.nearest(model, vector, limit);
    }

    /** The beginning of the question that the model can take; words are still searched for in all of it. */
    private static String fitting(String question, Embedder embedder) {
        String fitting = question;
        while (fitting.length() > 1
                && embedder.countTokens(fitting) > Math.max(1, embedder.maxTokens() - SPARE_TOKENS)) {
            fitting = fitting.substring(0, fitting.length() * 3 / 4);
        }
        return fitting;
    }

    private List<Hit> hits(Map<Key, Ranked> ranked, String question) {
        if (ranked.isEmpty()) {
            return List.of();
        }
        List<Object> keys = new ArrayList<>(ranked.size() * 2);
        ranked.keySet().forEach(key -> Collections.addAll(keys, key.sagaId(), key.ordinal()));
        String literal = comparable(question);
        List<Hit> hits = queries.query(
                "with wanted (saga_id, ordinal) as (values "
                        + String.join(",", Collections.nCopies(ranked.size(), "(?, ?)")) + ")"
                        + " select s.document_id, s.saga_id, d.file_name, s.page, s.ordinal, s.text"
                        + " from wanted w join vector_segment s on s.saga_id = w.saga_id and s.ordinal = w.ordinal"
                        + " join vector_document d on d.saga_id = s.saga_id where d.visible = 1",
                (row, number) -> {
                    Ranked rank = Objects.requireNonNull(ranked.get(new Key(row.getString(2), row.getInt(5))));
                    String text = row.getString(6);
                    boolean exact =
                            rank.how().contains("phrase") && comparable(text).contains(literal);
                    return new Hit(
                            row.getString(1),
                            row.getString(2),
                            row.getString(3),
                            row.getInt(4),
                            row.getInt(5),
                            text,
                            rank.score() + (exact ? 1 : 0),
                            String.join("+", rank.how()));
                },
                keys.toArray());
        hits.sort(Comparator.comparingDouble(Hit::score)
                .reversed()
                .thenComparing(Hit::sagaId)
                .thenComparing(Hit::ordinal));
        return hits;
    }

    /** Case and line breaks don't count; accents do. */
    private static String comparable(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFC)
                .toLowerCase(Locale.ROOT)
                .replaceAll("\\s+", " ");
    }

    @Override
    public Map<String, Long> foreignModels() {
        Map<String, Long> models = models();
        Embedder embedder = content.embedder();
        return foreign(models, new Model(embedder.modelId(), embedder.dimension()));
    }

    private static Map<String, Long> foreign(Map<String, Long> models, Model model) {
        Map<String, Long> foreign = new TreeMap<>(models);
        foreign.remove(name(model.id(), model.dimension()));
        return foreign;
    }

    private void warn(Map<String, Long> foreign, Model model) {
        if (!foreign.equals(lastForeign)) {
            lastForeign = foreign;
            if (!foreign.isEmpty()) {
                LOG.warn(
                        "segments embedded by other models than {} are found by words only, not by meaning: {};"
                                + " ingest their documents again, or configure their model",
                        name(model.id(), model.dimension()),
                        foreign);
            }
        }
    }

    private Map<String, Long> models() {
        Map<String, Long> models = new TreeMap<>();
        queries.query(
                "select model, dimension, sum(segments) from vector_document where visible = 1 and segments > 0"
                        + " group by model, dimension",
                row -> {
                    models.put(name(row.getString(1), row.getInt(2)), row.getLong(3));
                });
        return models;
    }

    private static String name(String model, int dimension) {
        return model + " (" + dimension + ")";
    }
}
