package dev.streamingsaga.store;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.content.ContentFactory;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.content.Isolation;
import dev.streamingsaga.database.Databases.Dialect;
import dev.streamingsaga.embedding.Embedder;
import dev.streamingsaga.store.SegmentIndex.Model;
import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Prints how long searches take, see docs/search.md: {@code ./mvnw verify -Psearch-measurement}. */
class SearchMeasurement {
    private static final int SEGMENTS_PER_DOCUMENT = 500;
    private static final int HITS = 10;
    private static final int NEAREST = 50;
    private static final int WARM_UP = 20;
    /** In every segment. */
    private static final String COMMON = "Seite";

    private static final DocumentFilter ALL = DocumentFilter.NONE;

    private static final String INDEX_SETTING = "saga.vector.index";

    private final Path folder = Path.of(System.getProperty("search.folder", "target/search-measurement"));
    private final Map<String, String> settings = settings();

    private Map<String, String> settings() {
        Map<String, String> all = new HashMap<>();
        all.put("saga.participants", "vector");
        all.put("saga.store.vector.timeout", "10m");
        all.put(INDEX_SETTING, System.getProperty("search.index", "exact"));
        for (String part : List.of("url", "user", "password")) {
            String value = System.getProperty("search." + part, "");
            if (!value.isEmpty()) {
                all.put("saga.store.vector." + part, value);
            }
        }
        return all;
    }

    @Test
    void measure() throws Exception {
        Files.createDirectories(folder);
        Map<String, String> withFolder = new HashMap<>(settings);
        withFolder.put("saga.data.dir", folder.resolve("model").toString());
        SagaConfig config = Settings.parse(withFolder);
        try (DocumentContent content = ContentFactory.open(config, () -> Isolation.NONE);
                EmbeddedCorpus corpus = EmbeddedCorpus.of(
                        Path.of(System.getProperty("search.corpus")),
                        Integer.getInteger("search.embedded", 20_000),
                        content.embedder());
                StoreFixture fixture = new StoreFixture(folder, settings, content.embedder())) {
            for (String size : System.getProperty("search.segments", "10000").split(",")) {
                measure(fixture, corpus, content.embedder(), Integer.parseInt(size));
            }
        }
    }

    private void measure(StoreFixture fixture, EmbeddedCorpus corpus, Embedder embedder, int segments)
            throws IOException {
        Model model = new Model(embedder.modelId(), embedder.dimension());
        fill(fixture, corpus, model, segments);
        long begin = System.nanoTime();
        if (fixture.dialect("vector") == Dialect.POSTGRESQL) {
            new HnswIndexes(
                            fixture.sql("vector").getDataSource(),
                            fixture.config.servers().vectorIndex())
                    .create();
        } else {
            new SketchBuilder(fixture.sql("vector"), () -> false).buildMissing();
        }
        print("%d segments, index built in %.1f s", segments, seconds(begin));
        begin = System.nanoTime();
        new WordIndexBuilder(fixture.database("vector"), fixture.content, new DocumentRecords(Map.of()), () -> false)
                .buildMissing();
        print("words indexed in %.1f s", seconds(begin));
        SegmentIndex index = index(fixture);
        begin = System.nanoTime();
        index.nearest(model, corpus.question(0).vector(), NEAREST, ALL);
        print("first search by meaning %.0f ms", 1000 * seconds(begin));
        time(
                "by meaning, vector given",
                i -> index.nearest(model, corpus.question(i).vector(), NEAREST, ALL));
        time(
                "words, sentence",
                i -> index.words(terms(question(corpus, i)), NEAREST, ALL).keys());
        time(
                "words, common + rare",
                i -> index.words(terms(COMMON + " " + rare(corpus, i)), NEAREST, ALL)
                        .keys());
        time("words, common only", i -> index.words(terms(COMMON), NEAREST, ALL).keys());
        time(
                "words, the of and to is",
                i -> index.words(terms("the of and to is"), NEAREST, ALL).keys());
        time(
                "parts, sentence",
                i -> index.parts(longest(question(corpus, i)), NEAREST, ALL).keys());
        time("phrase", i -> index.phrase(Phrase.of(phrase(corpus, i)).sequences(), NEAREST, ALL));
        time("phrase, common", i -> index.phrase(Phrase.of(COMMON).sequences(), NEAREST, ALL));
        VectorSearch search = fixture.stores.search().orElseThrow();
        time("search, sentence", i -> search.search(question(corpus, i), HITS));
        time("search, phrase", i -> search.search(phrase(corpus, i), HITS));
        time("search, common + rare", i -> search.search(COMMON + " " + rare(corpus, i), HITS));
        time("search, common only", i -> search.search(COMMON, HITS));
        recall(fixture, corpus, model, index);
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        print(
                "heap in use %d MB, %s",
                (runtime.totalMemory() - runtime.freeMemory()) >> 20,
                Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("VmRSS") || line.startsWith("RssAnon"))
                        .toList());
    }

    private static SegmentIndex index(StoreFixture fixture) {
        JdbcTemplate sql = fixture.sql("vector");
        return fixture.dialect("vector") == Dialect.POSTGRESQL
                ? new PostgresSegmentIndex(sql, fixture.config.servers().vectorIndex())
                : new SqliteSegmentIndex(sql, Runtime.getRuntime().maxMemory() / 4);
    }

    private static String rare(EmbeddedCorpus corpus, int i) {
        return Arrays.stream(corpus.segment(7 * i).text().split("\\W+"))
                .max((a, b) -> Integer.compare(a.length(), b.length()))
                .orElse("");
    }

    private static String phrase(EmbeddedCorpus corpus, int i) {
        List<String> words = List.of(corpus.segment(7 * i).text().split(" "));
        return String.join(" ", words.subList(0, Math.min(4, words.size())));
    }

    private static void time(String what, IntFunction<List<?>> search) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        List<Double> millis = new ArrayList<>();
        List<Double> processor = new ArrayList<>();
        for (int i = -WARM_UP; i < EmbeddedCorpus.QUESTIONS; i++) {
            long begin = System.nanoTime();
            long used = threads.getCurrentThreadCpuTime();
            var unused = search.apply(Math.floorMod(i, EmbeddedCorpus.QUESTIONS));
            if (i >= 0) {
                millis.add(1000 * seconds(begin));
                processor.add((threads.getCurrentThreadCpuTime() - used) / 1e6);
            }
        }
        print(
                "%-26s p50 %7.1f ms  p99 %7.1f ms  processor time of this process p50 %6.1f ms  p99 %6.1f ms",
                what,
                percentile(millis, 50),
                percentile(millis, 99),
                percentile(processor, 50),
                percentile(processor, 99));
    }

    private static double percentile(List<Double> values, int percent) {
        values.sort(null);
        return values.get(values.size() * percent / 100 - (percent == 99 ? 1 : 0));
    }

    private static void recall(StoreFixture fixture, EmbeddedCorpus corpus, Model model, SegmentIndex index) {
        List<NearestKeys> exact = new ArrayList<>();
        for (int i = 0; i < EmbeddedCorpus.QUESTIONS; i++) {
            exact.add(new NearestKeys(NEAREST));
        }
        List<float[]> questions = new ArrayList<>();
        for (int i = 0; i < EmbeddedCorpus.QUESTIONS; i++) {
            questions.add(corpus.question(i).vector());
        }
        long segments = fixture.ask("vector", "select sum(segments) from vector_document where visible = 1");
        for (int n = 0; n < segments; n++) {
            float[] vector = corpus.segment(n).vector();
            SegmentKey key = key(n);
            for (int i = 0; i < questions.size(); i++) {
                float dot = 0;
                float[] question = questions.get(i);
                for (int d = 0; d < vector.length; d++) {
                    dot += question[d] * vector[d];
                }
                exact.get(i).offer(dot, key);
            }
        }
        Map<Integer, Integer> found = new TreeMap<>(Map.of(10, 0, NEAREST, 0));
        for (int i = 0; i < questions.size(); i++) {
            List<SegmentKey> best = exact.get(i).best();
            Set<SegmentKey> nearest = new HashSet<>(index.nearest(model, questions.get(i), NEAREST, ALL));
            found.replaceAll((top, hits) -> hits
                    + (int) best.stream().limit(top).filter(nearest::contains).count());
        }
        found.forEach((top, hits) ->
                print("recall of the best %d: %.4f", top, (double) hits / top / EmbeddedCorpus.QUESTIONS));
    }

    /** Without quotes, which would make phrases of it. */
    private static String question(EmbeddedCorpus corpus, int number) {
        return corpus.question(number).text().replace('"', ' ');
    }

    private static List<Term> terms(String text) {
        return SearchQuery.of(text).terms();
    }

    private static List<Term> longest(String text) {
        return terms(text).stream()
                .filter(Term::hasParts)
                .sorted(Comparator.comparing((Term term) -> term.stem().length())
                        .reversed())
                .limit(WordSearch.MAX_PARTS)
                .toList();
    }

    private static SegmentKey key(int number) {
        return new SegmentKey(saga(number / SEGMENTS_PER_DOCUMENT), number % SEGMENTS_PER_DOCUMENT);
    }

    private static String saga(int number) {
        return String.format(Locale.ROOT, "00000000-0000-0000-0000-%012d", number);
    }

    /** Writes documents as a version without sketches did. */
    private static void fill(StoreFixture fixture, EmbeddedCorpus corpus, Model model, int segments) {
        JdbcTemplate sql = fixture.sql("vector");
        TransactionTemplate transactions =
                new TransactionTemplate(new JdbcTransactionManager(Objects.requireNonNull(sql.getDataSource())));
        int stored = (int) fixture.ask("vector", "select count(*) from vector_document where visible = 1");
        long begin = System.nanoTime();
        for (int i = stored; i < segments / SEGMENTS_PER_DOCUMENT; i++) {
            int document = i;
            transactions.executeWithoutResult(
                    transaction -> write(sql, fixture.dialect("vector"), corpus, model, document));
        }
        if (fixture.dialect("vector") == Dialect.POSTGRESQL) {
            sql.execute("vacuum analyze");
        }
        print("filled in %.1f s", seconds(begin));
    }

    private static void write(JdbcTemplate sql, Dialect dialect, EmbeddedCorpus corpus, Model model, int document) {
        String saga = saga(document);
        sql.update(
                "insert into vector_document (saga_id, document_id, run, file_name, model, dimension, segments)"
                        + " values (?, ?, 1, 'file', ?, ?, ?)",
                saga,
                saga,
                model.id(),
                model.dimension(),
                SEGMENTS_PER_DOCUMENT);
        List<Object[]> rows = new ArrayList<>();
        for (int ordinal = 0; ordinal < SEGMENTS_PER_DOCUMENT; ordinal++) {
            EmbeddedCorpus.Text segment = corpus.segment(document * SEGMENTS_PER_DOCUMENT + ordinal);
            rows.add(new Object[] {
                saga,
                saga,
                ordinal,
                segment.text() + " " + COMMON + " " + ordinal,
                model.id(),
                model.dimension(),
                VectorFormat.encode(segment.vector(), dialect)
            });
        }
        sql.batchUpdate(
                "insert into vector_segment (saga_id, document_id, run, page, ordinal, text, model, dimension, vector)"
                        + " values (?, ?, 1, 1, ?, ?, ?, ?, "
                        + (dialect == Dialect.POSTGRESQL ? "cast(? as vector)" : "?") + ")",
                rows);
        sql.update("update vector_document set visible = 1 where saga_id = ?", saga);
    }

    private static double seconds(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }

    private static void print(String format, Object... values) {
        System.out.println("SEARCH " + String.format(Locale.ROOT, format, values));
    }
}
