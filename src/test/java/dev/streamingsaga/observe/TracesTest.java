package dev.streamingsaga.observe;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.testkit.BrokerClient;
import dev.streamingsaga.testkit.SpanCollector;
import dev.streamingsaga.testkit.SpanCollector.Seen;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import jakarta.jms.Connection;
import jakarta.jms.Session;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The spans that the whole application sends to a collector. */
@Tag("one-jdk")
@Timeout(120)
class TracesTest {
    /** The routes of the nine steps. */
    private static final List<String> STEPS = List.of(
            "saga-validate",
            "saga-start",
            "saga-participant-upload",
            "saga-verify",
            "saga-participant-security",
            "saga-participant-vector",
            "saga-participant-graph",
            "saga-participant-relational",
            "saga-manifest");

    private static final String FOREIGN = "0af7651916cd43dd8448eb211c80319c";

    @TempDir
    Path directory;

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private SpanCollector collector;
    private StreamingSagaFixture saga;

    @AfterEach
    void stop() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    private <T extends AutoCloseable> T opened(T part) {
        open.push(part);
        return part;
    }

    private void start(Map<String, String> settings) throws Exception {
        collector = opened(SpanCollector.start());
        Map<String, String> all =
                new HashMap<>(Map.of("saga.otel.endpoint", collector.uri().toString()));
        all.putAll(settings);
        saga = opened(StreamingSagaFixture.start(directory.toRealPath(), all));
    }

    /** All spans: stopping the application sends the last ones. */
    private List<Seen> spans() {
        saga.application().close();
        return collector.spans();
    }

    private static Set<String> names(List<Seen> spans) {
        return spans.stream().map(Seen::name).collect(Collectors.toSet());
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .build()
                .send(request.timeout(Duration.ofSeconds(60)).build(), BodyHandlers.ofString());
    }

    private URI uri(String path) {
        return saga.application().address().orElseThrow().resolve(path);
    }

    @Test
    void a_saga_is_one_trace_from_ingestion_to_the_last_store() throws Exception {
        start(Map.of("saga.http.enabled", "true", "saga.otel.service-name", "archive", "saga.otel.api-key", "k3y"));
        Path file = saga.text("a.txt", 200);

        HttpResponse<String> answer = send(HttpRequest.newBuilder(uri("api/documents/a.txt"))
                .PUT(HttpRequest.BodyPublishers.ofFile(file))
                .header("Prefer", "wait=60")
                .header("traceparent", "00-" + FOREIGN + "-b7ad6b7169203331-01"));
        send(HttpRequest.newBuilder(uri("api/sagas")));
        assertThat(answer.body()).contains("COMPLETED");
        String sagaId = answer.body().replaceAll("(?s).*\"sagaId\"\\s*:\\s*\"(\\w+)\".*", "$1");
        String documentId = answer.body().replaceAll("(?s).*\"documentId\"\\s*:\\s*\"(\\w+)\".*", "$1");

        List<Seen> all = spans();
        List<Seen> trace = collector.traceWith("saga-ingest");
        assertThat(names(trace))
                .containsAll(STEPS)
                .contains(
                        "PUT /api/documents/{name}",
                        "saga-run",
                        "saga-store-upload",
                        "saga-store-vector",
                        "saga-store-graph-complete");
        assertThat(trace)
                .filteredOn(span -> span.parent().isEmpty())
                .extracting(Seen::name)
                .containsExactly("PUT /api/documents/{name}");
        assertThat(trace).extracting(Seen::trace).doesNotContain(FOREIGN);
        assertThat(trace)
                .extracting(Seen::parent)
                .filteredOn(parent -> !parent.isEmpty())
                .isSubsetOf(trace.stream().map(Seen::id).toList());
        assertThat(trace)
                .filteredOn(span -> span.name().startsWith("saga-"))
                .allSatisfy(
                        span -> assertThat(span.tag("saga.id")).as(span.name()).isEqualTo(sagaId))
                .filteredOn(
                        span -> !Set.of("saga-validate", "saga-run-complete").contains(span.name()))
                .as("from the step start on, but for callbacks")
                .allSatisfy(span ->
                        assertThat(span.tag("saga.document.id")).as(span.name()).isEqualTo(documentId));
        assertThat(all)
                .as("spans of questions, and of nobody's")
                .extracting(Seen::trace)
                .containsOnly(trace.get(0).trace());
        assertThat(all).noneMatch(span -> span.words().contains("dropped_"));
        assertThat(all)
                .noneMatch(Seen::failed)
                .allSatisfy(span -> assertThat(span.resource()).containsEntry("service.name", "archive"));
        assertThat(collector.authorizations()).containsExactly("Bearer k3y");
        assertThat(saga.s3().headerNames())
                .as("headers of requests to the bucket")
                .contains("authorization")
                .doesNotContain("traceparent", "baggage", "tracestate");
        assertThat(all).as("spans of a saga").hasSizeBetween(40, 60);
    }

    @Test
    void every_ingestion_endpoint_begins_a_trace() throws Exception {
        Path drop = Files.createDirectories(directory.toRealPath().resolve("drop"));
        Path in = Files.createDirectories(directory.toRealPath().resolve("in"));
        start(Map.of(
                "saga.http.enabled",
                "false",
                "saga.drop.dir",
                drop.toString(),
                "saga.drop.stable-for",
                "0s",
                "saga.drop.interval",
                "100ms",
                "saga.jms.embedded",
                "true",
                "saga.jms.roots",
                in.toString(),
                "saga.participants",
                ""));
        Path file = saga.text("b.txt", 5);

        Files.writeString(drop.resolve("a.txt"), "dropped");
        try (Connection connection = BrokerClient.producer(saga.data()).createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            session.createProducer(session.createQueue("saga-ingest"))
                    .send(session.createTextMessage("{\"path\":\"" + file + "\"}"));
        }
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(collector.spans())
                        .filteredOn(span -> span.parent().isEmpty())
                        .extracting(Seen::name)
                        .containsExactlyInAnyOrder("saga-drop-file", "queue:saga-ingest"));

        assertThat(names(spans())).contains("saga-manifest").doesNotContain("saga-drop", "scheduler");
        assertThat(names(collector.traceWith("saga-drop-file"))).contains("saga-ingest", "saga-manifest");
        assertThat(names(collector.traceWith("queue:saga-ingest"))).contains("saga-ingest", "saga-manifest");
    }

    @Test
    void a_failed_step_is_an_error_and_its_compensation_belongs_to_the_trace() throws Exception {
        start(Map.of());
        saga.execute("graph", "drop table graph_edge");

        IngestResult result = saga.ingest(saga.text("a.txt", 20));

        assertThat(result.reason()).isEqualTo("STORE_FAILED");
        spans();
        List<Seen> trace = collector.traceWith("saga-ingest");
        assertThat(trace)
                .filteredOn(Seen::failed)
                .extracting(Seen::name)
                .contains("saga-participant-graph", "saga-run", "saga-ingest")
                .doesNotContain("saga-participant-vector", "saga-verify");
        assertThat(trace)
                .filteredOn(span -> span.name().equals("saga-ingest"))
                .allSatisfy(span -> assertThat(span.tags())
                        .containsEntry("saga.status", result.status())
                        .containsEntry("saga.reason", "STORE_FAILED"));
        assertThat(names(trace))
                .contains(
                        "saga-store-vector-compensate",
                        "saga-store-security-compensate",
                        "saga-store-upload-compensate");
        assertThat(trace)
                .filteredOn(span -> span.name().endsWith("-compensate"))
                .allSatisfy(
                        span -> assertThat(span.tag("saga.id")).as(span.name()).isEqualTo(result.sagaId()));
        assertThat(trace)
                .as("the words of an exception, of a document")
                .noneMatch(span -> span.words().contains("graph_edge"))
                .noneMatch(span -> span.words().contains("lighthouse"));
    }

    @Test
    void chunks_batches_and_statements_have_spans_if_configured() throws Exception {
        start(Map.of("saga.otel.detail", "all"));

        saga.s3()
                .when(method("PUT").and(keyEndsWith("/chunk-000001")))
                .answer(503, "SlowDown")
                .times(1);
        IngestResult result = saga.ingest(saga.file("a.bin", CHUNK + 10L));
        IngestResult text = saga.ingest(saga.text("b.txt", 100));

        assertThat(List.of(result.status(), text.status())).containsOnly("COMPLETED");
        List<Seen> all = spans();
        List<Seen> first = all.stream()
                .filter(span -> span.tag("saga.id").equals(result.sagaId()))
                .toList();
        assertThat(first)
                .filteredOn(span -> span.name().equals("aws2-s3"))
                .as("two chunks, one of them twice, and the manifest")
                .hasSize(4);
        assertThat(first)
                .filteredOn(span -> span.name().equals("saga-chunk-put"))
                .filteredOn(Seen::failed)
                .isNotEmpty();
        assertThat(all)
                .filteredOn(span -> span.name().equals("saga-store-vector-batch"))
                .isNotEmpty();
        assertThat(all).filteredOn(span -> span.tag("url.scheme").equals("sql")).isNotEmpty();
        assertThat(all)
                .filteredOn(span -> span.parent().isEmpty())
                .extracting(Seen::name)
                .containsExactly("saga-ingest", "saga-ingest");
        assertThat(all).noneMatch(span -> span.words().contains("lighthouse"));
    }

    @Test
    void sampling_zero_sends_no_spans() throws Exception {
        start(Map.of("saga.otel.sampling", "0"));

        assertThat(saga.ingest(saga.text("a.txt", 5)).status()).isEqualTo("COMPLETED");

        assertThat(spans()).isEmpty();
    }

    @Test
    void an_unreachable_collector_causes_one_log_line_and_fails_no_saga() throws Exception {
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        Logger log = (Logger) LoggerFactory.getLogger(OutageLoggingExporter.class);
        lines.start();
        log.addAppender(lines);
        int nobody;
        try (ServerSocket taken = new ServerSocket(0)) {
            nobody = taken.getLocalPort();
        }
        start(Map.of("saga.otel.endpoint", "http://127.0.0.1:" + nobody));

        assertThat(saga.ingest(saga.text("a.txt", 5)).status()).isEqualTo("COMPLETED");
        await().atMost(Duration.ofSeconds(30))
                .until(() -> lines.list.stream()
                        .anyMatch(line -> line.getFormattedMessage().contains(":" + nobody)));
        assertThat(saga.ingest(saga.text("b.txt", 5)).status()).isEqualTo("COMPLETED");
        saga.application().close();

        log.detachAppender(lines);
        assertThat(lines.list)
                .filteredOn(line -> line.getFormattedMessage().contains(":" + nobody))
                .singleElement()
                .asString()
                .contains("WARN", "127.0.0.1:" + nobody, "ConnectException", "sagas continue");
    }

    @Test
    void a_collector_that_hangs_delays_neither_saga_nor_shutdown() throws Exception {
        SpanCollector hanging = opened(SpanCollector.hanging());
        start(Map.of("saga.otel.endpoint", hanging.uri().toString()));

        assertThat(saga.ingest(saga.text("a.txt", 5)).status()).isEqualTo("COMPLETED");
        hanging.awaitRequest();
        assertThat(saga.ingest(saga.text("b.txt", 5)).status()).isEqualTo("COMPLETED");
        saga.application().close();

        assertThat(hanging.spans()).isEmpty();
    }
}
