package dev.streamingsaga.store;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.database.Databases.Dialect;
import dev.streamingsaga.embedding.Embedder;
import dev.streamingsaga.store.SegmentIndex.Model;
import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import dev.streamingsaga.store.SegmentTexts.SegmentText;
import dev.streamingsaga.store.WordSearch.WordHits;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Combines the three result lists by reciprocal rank fusion: a segment scores 1 / (60 + rank) for each list that
 * contains it, so the lists need no common scale. A segment with the words of the query in sequence, whatever their
 * endings, scores 1 more, and 2 more if it contains the query character by character, accents included.
 */
final class HybridSearch implements VectorSearch {
    private static final Logger LOG = LoggerFactory.getLogger(HybridSearch.class);
    private static final String MEANING = "meaning";
    private static final String PHRASE = "phrase";
    private static final int RANK_OFFSET = 60;
    /** Always the same number, so that pages have one order. */
    private static final int NEAREST = 50;
    /** Segments that are returned as weak hits if there is nothing else. */
    private static final int MAX_WEAK = 3;
    /** Tokens left for the prefix that some models add to a query. */
    private static final int SPARE_TOKENS = 16;

    private final JdbcTemplate queries;
    private final SegmentIndex index;
    private final SegmentTexts segmentTexts;
    private final WordSearch words;
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
        this.segmentTexts = new SegmentTexts(queries);
        this.words = new WordSearch(queries, index, segmentTexts);
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
    public Page search(String text, int offset, int limit, AccessLimit access) {
        if (limit < 1 || limit > MAX_LIMIT) {
            throw new IllegalArgumentException("limit must be 1 to " + MAX_LIMIT + ", was " + limit);
        }
        if (offset < 0 || offset > MAX_HITS) {
            throw new IllegalArgumentException("offset must be 0 to " + MAX_HITS + ", was " + offset + "; the first "
                    + MAX_HITS + " hits can be paged through");
        }
        SearchQuery query = SearchQuery.of(DatabaseText.of(Normalizer.normalize(text, Normalizer.Form.NFC)));
        if (query.text().isEmpty()) {
            return new Page(List.of(), offset, 0);
        }
        List<Hit> hits = hits(query.within(access), models(DocumentFilter.of(access)));
        return new Page(hits.stream().skip(offset).limit(limit).toList(), offset, hits.size());
    }

    /** @param models number of segments that may be found, by their model */
    private List<Hit> hits(SearchQuery query, Map<String, Long> models) {
        long segments = models.values().stream().mapToLong(Long::longValue).sum();
        advise(segments);
        String language = content.language(query.text());
        WordHits words = this.words.search(query, language, segments);
        Map<SegmentKey, Ranked> ranked = new LinkedHashMap<>();
        add(ranked, words.phrases(), PHRASE, 1);
        add(ranked, words.all(), "words", 0);
        boolean weak = false;
        if (query.phrases().isEmpty()) {
            Nearest nearest = nearest(query, language, ranked.isEmpty(), models);
            add(ranked, nearest.near(), MEANING, 0);
            weak = ranked.isEmpty();
            if (weak) {
                add(ranked, nearest.all().stream().limit(MAX_WEAK).toList(), MEANING, 0);
            }
        }
        return hits(query, words, ranked, weak);
    }

    private static void add(Map<SegmentKey, Ranked> ranked, List<SegmentKey> keys, String list, double bonus) {
        for (int rank = 0; rank < keys.size(); rank++) {
            Ranked before = ranked.getOrDefault(keys.get(rank), new Ranked(0, List.of()));
            ranked.put(keys.get(rank), before.plus(bonus + 1.0 / (RANK_OFFSET + rank + 1), list));
        }
    }

    /** @param always also in a language that the model does not know: for weak hits */
    private Nearest nearest(SearchQuery query, String language, boolean always, Map<String, Long> models) {
        if (models.isEmpty()) {
            return Nearest.NONE;
        }
        Embedder embedder = content.embedder();
        Model model = new Model(embedder.modelId(), embedder.dimension());
        warn(others(models, model), model);
        if (!models.containsKey(name(model.id(), model.dimension())) || !embedder.knows(language) && !always) {
            return Nearest.NONE;
        }
        float[] vector = embedder.embedQuery(truncated(query.text(), embedder));
        if (vector.length != model.dimension()) {
            throw new IllegalStateException("model " + model.id() + " returned a query vector of " + vector.length
                    + " numbers instead of " + model.dimension() + "; check saga.embedding.dimension");
        }
        List<SegmentKey> all = nearest(model, vector, query.filter());
        return new Nearest(
                all, embedder.knows(language) ? weakHits.without(all, vector, embedder.minSimilarity()) : List.of());
    }

    /** Without segments of documents in a language that the model does not know. */
    private List<SegmentKey> nearest(Model model, float[] vector, DocumentFilter filter) {
        List<SegmentKey> nearest = index.nearest(model, vector, NEAREST, filter);
        Set<String> unknown = new HashSet<>();
        List<String> sagas = nearest.stream().map(SegmentKey::sagaId).distinct().toList();
        if (!sagas.isEmpty()) {
            queries.query(
                    "select saga_id, language from vector_document where saga_id in ("
                            + String.join(",", Collections.nCopies(sagas.size(), "?")) + ")",
                    row -> {
                        if (!content.embedder().knows(row.getString(2))) {
                            unknown.add(row.getString(1));
                        }
                    },
                    sagas.toArray());
        }
        return nearest.stream().filter(key -> !unknown.contains(key.sagaId())).toList();
    }

    /** Returns the beginning of the query that fits the model; the word search still uses all of it. */
    private static String truncated(String query, Embedder embedder) {
        String text = query;
        while (text.length() > 1 && embedder.countTokens(text) > Math.max(1, embedder.maxTokens() - SPARE_TOKENS)) {
            text = text.substring(0, text.length() * 3 / 4);
        }
        return text;
    }

    private List<Hit> hits(SearchQuery query, WordHits words, Map<SegmentKey, Ranked> ranked, boolean weak) {
        Set<SegmentKey> others = new LinkedHashSet<>(ranked.keySet());
        others.removeAll(words.texts().keySet());
        Map<SegmentKey, SegmentText> texts = new LinkedHashMap<>(words.texts());
        texts.putAll(segmentTexts.read(others));
        String literal = comparable(query.text());
        List<Hit> hits = new ArrayList<>();
        ranked.forEach((key, rank) -> {
            SegmentText text = texts.get(key);
            if (text != null) {
                boolean exact = rank.foundBy().contains(PHRASE)
                        && comparable(text.text()).contains(literal);
                hits.add(hit(text, rank, exact, weak));
            }
        });
        hits.sort(Comparator.comparingDouble(Hit::score)
                .reversed()
                .thenComparing(Hit::sagaId)
                .thenComparing(Hit::ordinal));
        return hits.stream()
                .limit(MAX_HITS)
                .map(hit -> hit.with(words.ranking()
                        .highlights(Objects.requireNonNull(texts.get(new SegmentKey(hit.sagaId(), hit.ordinal())))
                                .words())))
                .toList();
    }

    private static Hit hit(SegmentText text, Ranked rank, boolean exact, boolean weak) {
        return new Hit(
                text.documentId(),
                text.key().sagaId(),
                text.fileName(),
                text.page(),
                text.key().ordinal(),
                text.text(),
                rank.score() + (exact ? 1 : 0),
                String.join("+", rank.foundBy()),
                weak,
                text.part(),
                text.partPage(),
                text.language(),
                List.of());
    }

    /** Ignores case and line breaks, but not accents. */
    private static String comparable(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFC)
                .toLowerCase(Locale.ROOT)
                .replaceAll("\\s+", " ");
    }

    @Override
    public Map<String, Long> foreignModels() {
        Map<String, Long> models = models(DocumentFilter.NONE);
        Embedder embedder = content.embedder();
        return others(models, new Model(embedder.modelId(), embedder.dimension()));
    }

    private static Map<String, Long> others(Map<String, Long> models, Model model) {
        Map<String, Long> others = new TreeMap<>(models);
        others.remove(name(model.id(), model.dimension()));
        return others;
    }

    private void advise(long segments) {
        if (embedded) {
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

    private Map<String, Long> models(DocumentFilter permitted) {
        Map<String, Long> models = new TreeMap<>();
        queries.query(
                "select model, dimension, sum(segments) from vector_document d where visible = 1 and segments > 0"
                        + permitted.sql() + " group by model, dimension",
                row -> {
                    models.put(name(row.getString(1), row.getInt(2)), row.getLong(3));
                },
                permitted.parameters(List.of()));
        return models;
    }

    private static String name(String model, int dimension) {
        return model + " (" + dimension + ")";
    }
}
