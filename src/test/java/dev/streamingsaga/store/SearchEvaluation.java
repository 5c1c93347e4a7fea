package dev.streamingsaga.store;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.content.ContentFactory;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.content.Isolation;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.source.DocumentSource;
import dev.streamingsaga.store.VectorSearch.Hit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.Test;

/**
 * Prints for questions and keywords to a handbook, in English and in German, whether a right passage is among the first
 * hits: see docs/search.md. {@code ./mvnw verify -Psearch-evaluation}.
 */
class SearchEvaluation {
    private static final int FIRST = 3;
    private static final Path BOOK = Path.of(System.getProperty("search.book", "/usr/share/doc/debian-handbook/html"));
    private static final Map<String, String> EDITIONS = Map.of("en", "en-US", "de", "de-DE");

    private final Path folder = Path.of(System.getProperty("search.folder", "target/search-evaluation"));

    /** @param sections that contain the answer, in a segment with text that fits the pattern */
    private record Question(String kind, String text, List<String> sections, Pattern answer) {
        static Question of(String line) {
            String[] fields = line.split("\t");
            return new Question(fields[0], fields[1], List.of(fields[2].split(",")), Pattern.compile(fields[3]));
        }

        boolean isAnsweredBy(Hit hit) {
            return sections.contains(hit.fileName().replace(".html", ""))
                    && answer.matcher(hit.text()).find();
        }
    }

    @Test
    void evaluate() throws Exception {
        for (String language : List.of("en", "de")) {
            evaluate(language);
        }
    }

    private void evaluate(String language) throws Exception {
        Map<String, String> settings = new HashMap<>();
        settings.put("saga.participants", "vector");
        settings.put("saga.store.vector.timeout", "10m");
        settings.put("saga.data.dir", folder.resolve(language).toString());
        for (String part : List.of("url", "user", "password")) {
            String value = System.getProperty("search." + part, "");
            if (!value.isEmpty()) {
                settings.put("saga.store.vector." + part, value.replace("LANGUAGE", language));
            }
        }
        SagaConfig config = Settings.parse(settings);
        Files.createDirectories(config.dataDir());
        DefaultCamelContext context = new DefaultCamelContext();
        try (DocumentContent content = ContentFactory.open(config, () -> Isolation.NONE);
                Stores stores = Stores.open(
                        config,
                        context,
                        content,
                        run -> DocumentSource.of(run.document().path()))) {
            context.start();
            ingest(config, context, content, BOOK.resolve(Objects.requireNonNull(EDITIONS.get(language))));
            ask(stores.search().orElseThrow(), language);
            context.stop();
        }
    }

    private static void ingest(SagaConfig config, DefaultCamelContext context, DocumentContent content, Path edition)
            throws IOException {
        ProducerTemplate template = context.createProducerTemplate();
        try (Stream<Path> files = Files.list(edition)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".html"))
                    .sorted()
                    .toList()) {
                Document document = document(file, content);
                send(template, config.direct("store-vector"), document.facts(), new OpenRun(document, 1, 1 << 30));
                send(template, config.direct("store-vector-complete"), document.facts(), null);
            }
        }
    }

    private static void send(ProducerTemplate template, String route, Map<String, Object> facts, OpenRun run) {
        Exchange done = template.send(route, exchange -> {
            exchange.getMessage().setBody(facts);
            if (run != null) {
                exchange.setProperty(ExchangeKeys.RUN, run);
            }
        });
        if (done.getException() != null) {
            throw new IllegalStateException(done.getException());
        }
    }

    private static Document document(Path file, DocumentContent content) throws IOException {
        String name = String.valueOf(file.getFileName());
        return new Document(
                name,
                name,
                file,
                name,
                content.contentType(DocumentSource.of(file)),
                Files.size(file),
                "a".repeat(64),
                1,
                8 << 20,
                "bucket",
                "saga/" + name + "/",
                "owner",
                "internal",
                "none",
                Instant.EPOCH,
                new SourceIdentity("", Files.size(file), 0, 0));
    }

    private static void ask(VectorSearch search, String language) throws IOException {
        Map<String, int[]> found = new HashMap<>();
        for (Question question : questions(language)) {
            List<Hit> hits = search.search(question.text(), 10);
            int rank = 0;
            while (rank < hits.size() && !question.isAnsweredBy(hits.get(rank))) {
                rank++;
            }
            int[] counts = found.computeIfAbsent(question.kind(), kind -> new int[2]);
            counts[0] += rank < Math.min(FIRST, hits.size()) ? 1 : 0;
            counts[1]++;
            print(
                    "%s | %s | %s | %s",
                    language,
                    question.text(),
                    rank == hits.size() ? "-" : rank + 1,
                    hits.stream()
                            .limit(FIRST)
                            .map(hit -> hit.fileName() + " " + hit.how())
                            .toList());
        }
        found.forEach((kind, counts) -> print(
                "%s: right passage among the first %d for %d of %d %ss", language, FIRST, counts[0], counts[1], kind));
    }

    private static List<Question> questions(String language) throws IOException {
        String name = "/search-evaluation/" + language + ".tsv";
        try (InputStream in = Objects.requireNonNull(SearchEvaluation.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(Question::of)
                    .toList();
        }
    }

    private static void print(String format, Object... values) {
        System.out.println("SEARCH " + String.format(Locale.ROOT, format, values));
    }
}
