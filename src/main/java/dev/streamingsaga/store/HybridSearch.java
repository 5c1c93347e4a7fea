package dev.streamingsaga.store;

import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.content.Embedder;
import dev.streamingsaga.database.Databases.Dialect;
import dev.streamingsaga.store.SegmentIndex.Model;
import dev.streamingsaga.store.SegmentIndex.SegmentKey;
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
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Combines the three result lists by reciprocal rank fusion: a segment scores 1 / (60 + rank) for each list that
 * contains it, so the lists need no common scale. A segment that contains the phrase scores 1 more, and 2 more if it
 * contains the phrase character by character, accents included.
 */
final class HybridSearch implements VectorSearch {
    private static final Logger LOG = LoggerFactory.getLogger(HybridSearch.class);
    private static final String MEANING = "meaning";
    private static final int RANK_OFFSET = 60;
    private static final int MIN_CANDIDATES = 50;
    /** Segments that are returned as weak hits if there is nothing else. */
    private static final int MAX_WEAK = 3;
    /** Tokens left for the prefix that some models add to a query. */
    private static final int SPARE_TOKENS = 16;

    private final JdbcTemplate queries;
    private final SegmentIndex index;
    private final DocumentContent content;
    private final WeakHits weakHits;
    private final boolean embedded;
    private final AtomicBoolean adviceLogged = new AtomicBoolean();
    private volatile Map<String, Long> lastReported = Map.of();

    private HybridSearch(StoreDatabase db, DocumentContent content) {
        this.queries = db.queries();
        this.embedded = db.dialect() == Dialect.SQLITE;
        this.index = embedded
                ? new SqliteSegmentIndex(queries, Runtime.getRuntime().maxMemory() / 4)
                : new PostgresSegmentIndex(queries, db.config().servers().vectorIndex());
        this.content = content;
        this.weakHits = new WeakHits(queries, db.dialect());
    }

    static HybridSearch over(StoreDatabase db, DocumentContent content) {
        return new HybridSearch(db, content);
    }

    private record Ranked(double score, List<String> foundBy) {
        Ranked plus(double points, String list) {
            List<String> lists = new ArrayList<>(foundBy);
            lists.add(list);
            return new Ranked(score + points, lists);
        }
    }

    /**
     * Segments by similarity of their vectors, nearest first.
     *
     * @param near those whose meaning has something to do with the query
     */
    private record Nearest(List<SegmentKey> all, List<SegmentKey> near) {
        static final Nearest NONE = new Nearest(List.of(), List.of());
    }

    @Override
    public List<Hit> search(String text, int limit) {
        if (limit < 1 || limit > MAX_LIMIT) {
            throw new IllegalArgumentException("limit must be 1 to " + MAX_LIMIT + ", was " + limit);
        }
        if (text.length() > MAX_TEXT_CHARS) {
            throw new IllegalArgumentException(
                    "a search text must have at most " + MAX_TEXT_CHARS + " characters, has " + text.length());
        }
        String query =
                DatabaseText.of(Normalizer.normalize(text, Normalizer.Form.NFC)).strip();
        if (query.isEmpty()) {
            return List.of();
        }
        int candidates = Math.max(MIN_CANDIDATES, limit);
        Map<SegmentKey, Ranked> ranked = new LinkedHashMap<>();
        add(ranked, index.phrase(query, candidates), "phrase", 1);
        add(ranked, index.words(query, candidates), "words", 0);
        Nearest nearest = nearest(query, candidates);
        add(ranked, nearest.near(), MEANING, 0);
        boolean weak = ranked.isEmpty();
        if (weak) {
            add(ranked, nearest.all().stream().limit(MAX_WEAK).toList(), MEANING, 0);
        }
        return hits(ranked, query, weak).stream().limit(limit).toList();
    }

    private static void add(Map<SegmentKey, Ranked> ranked, List<SegmentKey> keys, String list, double bonus) {
        for (int rank = 0; rank < keys.size(); rank++) {
            Ranked before = ranked.getOrDefault(keys.get(rank), new Ranked(0, List.of()));
            ranked.put(keys.get(rank), before.plus(bonus + 1.0 / (RANK_OFFSET + rank + 1), list));
        }
    }

    private Nearest nearest(String query, int limit) {
        Map<String, Long> models = models();
        if (models.isEmpty()) {
            return Nearest.NONE;
        }
        advise(models);
        Embedder embedder = content.embedder();
        Model model = new Model(embedder.modelId(), embedder.dimension());
        warn(others(models, model), model);
        if (!models.containsKey(name(model.id(), model.dimension()))) {
            return Nearest.NONE;
        }
        float[] vector = embedder.embedQuery(truncated(query, embedder));
        if (vector.length != model.dimension()) {
            throw new IllegalStateException("model " + model.id() + " returned a query vector of " + vector.length
                    + " numbers instead of " + model.dimension() + "; check saga.embedding.dimension");
        }
        List<SegmentKey> all = index.nearest(model, vector, limit);
        return new Nearest(all, weakHits.without(all, vector, embedder.minSimilarity()));
    }

    /** Returns the beginning of the query that fits the model; the word search still uses all of it. */
    private static String truncated(String query, Embedder embedder) {
        String text = query;
        while (text.length() > 1 && embedder.countTokens(text) > Math.max(1, embedder.maxTokens() - SPARE_TOKENS)) {
            text = text.substring(0, text.length() * 3 / 4);
        }
        return text;
    }

    private List<Hit> hits(Map<SegmentKey, Ranked> ranked, String query, boolean weak) {
        if (ranked.isEmpty()) {
            return List.of();
        }
        List<Object> keys = new ArrayList<>(ranked.size() * 2);
        ranked.keySet().forEach(key -> Collections.addAll(keys, key.sagaId(), key.ordinal()));
        String literal = comparable(query);
        List<Hit> hits = queries.query(
                "with found (saga_id, ordinal) as (values "
                        + String.join(",", Collections.nCopies(ranked.size(), "(?, ?)")) + ")"
                        + " select s.document_id, s.saga_id, d.file_name, s.page, s.ordinal, s.text"
                        + " from found w join vector_segment s on s.saga_id = w.saga_id and s.ordinal = w.ordinal"
                        + " join vector_document d on d.saga_id = s.saga_id where d.visible = 1",
                (row, number) -> {
                    Ranked rank = Objects.requireNonNull(ranked.get(new SegmentKey(row.getString(2), row.getInt(5))));
                    String text = row.getString(6);
                    boolean exact = rank.foundBy().contains("phrase")
                            && comparable(text).contains(literal);
                    return new Hit(
                            row.getString(1),
                            row.getString(2),
                            row.getString(3),
                            row.getInt(4),
                            row.getInt(5),
                            text,
                            rank.score() + (exact ? 1 : 0),
                            String.join("+", rank.foundBy()),
                            weak);
                },
                keys.toArray());
        hits.sort(Comparator.comparingDouble(Hit::score)
                .reversed()
                .thenComparing(Hit::sagaId)
                .thenComparing(Hit::ordinal));
        return hits;
    }

    /** Ignores case and line breaks, but not accents. */
    private static String comparable(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFC)
                .toLowerCase(Locale.ROOT)
                .replaceAll("\\s+", " ");
    }

    @Override
    public Map<String, Long> foreignModels() {
        Map<String, Long> models = models();
        Embedder embedder = content.embedder();
        return others(models, new Model(embedder.modelId(), embedder.dimension()));
    }

    private static Map<String, Long> others(Map<String, Long> models, Model model) {
        Map<String, Long> others = new TreeMap<>(models);
        others.remove(name(model.id(), model.dimension()));
        return others;
    }

    private void advise(Map<String, Long> models) {
        if (embedded) {
            long segments = models.values().stream().mapToLong(Long::longValue).sum();
            EmbeddedVectorStore.advice(segments)
                    .filter(advice -> adviceLogged.compareAndSet(false, true))
                    .ifPresent(LOG::warn);
        }
    }

    private void warn(Map<String, Long> others, Model model) {
        if (!others.equals(lastReported)) {
            lastReported = others;
            if (!others.isEmpty()) {
                LOG.warn(
                        "search finds segments of other models than {} by words only, not by meaning: {};"
                                + " ingest their documents again, or configure their model",
                        name(model.id(), model.dimension()),
                        others);
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
