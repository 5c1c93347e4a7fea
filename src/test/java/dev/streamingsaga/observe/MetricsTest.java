package dev.streamingsaga.observe;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The metrics of a running service after one saga that completed with a retry and one that was compensated except for a
 * chunk.
 */
@Tag("one-jdk")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MetricsTest {
    private static final Pattern SAMPLE = Pattern.compile("([a-z0-9_:]+)(?:\\{([^}]*)})? (\\S+)");
    private static final Pattern NAME = Pattern.compile("\\b(?:streaming_saga|jvm|process|system)_[a-z0-9_]+");
    private static final long SIZE = CHUNK + 1000;

    private final HttpClient client = HttpClient.newHttpClient();
    private StreamingSagaFixture saga;
    private Map<String, Double> seen;

    @BeforeAll
    void two_sagas(@TempDir Path directory) throws Exception {
        saga = StreamingSagaFixture.start(
                directory,
                Map.of(
                        "saga.http.enabled",
                        "true",
                        "saga.health.min-free",
                        "0",
                        "saga.compensation.retry-delay",
                        "1h"));
        saga.s3()
                .when(method("PUT").and(keyEndsWith("/chunk-000001")))
                .answer(503, "SlowDown")
                .times(1);
        assertThat(saga.ingest(saga.file("kept.bin", SIZE)).status()).isEqualTo("COMPLETED");
        saga.s3()
                .when(method("PUT").and(keyEndsWith("manifest.json")))
                .answer(403, "AccessDenied")
                .always();
        saga.s3()
                .when(method("DELETE").and(keyEndsWith("/chunk-000000")))
                .answer(403, "AccessDenied")
                .always();
        saga.s3().when(method("POST")).answer(403, "AccessDenied").always();
        assertThat(saga.ingest(saga.file("undone.bin", SIZE)).status()).isEqualTo("PARTIALLY_COMPENSATED");
        saga.s3().clearRules();
        seen = samples();
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    private HttpResponse<String> get(String path) {
        URI base = saga.application().address().orElseThrow();
        try {
            return client.send(
                    HttpRequest.newBuilder(base.resolve(path))
                            .timeout(Duration.ofSeconds(60))
                            .build(),
                    BodyHandlers.ofString());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** By name and labels, without the label of the instance. */
    private Map<String, Double> samples() {
        HttpResponse<String> answer = get("/observe/metrics");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/plain; version=0.0.4; charset=utf-8");
        Map<String, Double> samples = new TreeMap<>();
        for (String line : answer.body().lines().filter(l -> !l.startsWith("#")).toList()) {
            Matcher sample = SAMPLE.matcher(line);
            assertThat(sample.matches()).as(line).isTrue();
            String labels = sample.group(2) == null
                    ? ""
                    : sample.group(2).replaceAll(",?saga=\"saga\"", "").replaceAll("^,", "");
            samples.put(
                    sample.group(1) + (labels.isEmpty() ? "" : "{" + labels + "}"),
                    Double.valueOf(sample.group(3).replace("+Inf", "Infinity")));
        }
        return samples;
    }

    @Test
    void counts_what_the_journal_knows() {
        assertThat(seen)
                .containsEntry("streaming_saga_total", 2.0)
                .containsEntry("streaming_saga_completed_total", 1.0)
                .containsEntry("streaming_saga_rollbacks", 1.0)
                .containsEntry("streaming_saga_failed_rollbacks", 1.0)
                .containsEntry("streaming_saga_orphaned_chunks", 1.0)
                .containsEntry("streaming_saga_ingested_bytes_total", (double) SIZE)
                .containsEntry("streaming_saga_sagas{state=\"COMPLETED\"}", 1.0)
                .containsEntry("streaming_saga_sagas{state=\"PARTIALLY_COMPENSATED\"}", 1.0)
                .containsEntry("streaming_saga_sagas{state=\"UPLOADING\"}", 0.0)
                .containsEntry("streaming_saga_cleanups{state=\"pending\"}", 1.0)
                .containsEntry("streaming_saga_cleanups{state=\"blocked\"}", 0.0);
        assertThat(seen.get("streaming_saga_oldest_cleanup_age_seconds")).isPositive();
    }

    @Test
    void counts_what_this_process_did() {
        assertThat(seen)
                .containsEntry("streaming_saga_chunk_retries_total", 1.0)
                .containsEntry("streaming_saga_sent_bytes_total", 2.0 * SIZE)
                .containsEntry("streaming_saga_sent_chunks_total", 4.0)
                .containsEntry("streaming_saga_step_duration_seconds_count{step=\"upload\"}", 2.0)
                .containsEntry("streaming_saga_step_duration_seconds_count{step=\"finalize\"}", 1.0)
                .containsEntry("streaming_saga_duration_seconds_count{outcome=\"COMPLETED\"}", 1.0)
                .containsEntry("streaming_saga_duration_seconds_count{outcome=\"PARTIALLY_COMPENSATED\"}", 1.0);
        assertThat(seen.get("jvm_memory_used_bytes{area=\"heap\",id=\"Eden Space\"}"))
                .isPositive();
    }

    @Test
    void labels_name_no_saga_and_no_file() {
        Set<String> labels = seen.keySet().stream()
                .filter(s -> s.startsWith("streaming_saga") && s.contains("{"))
                .map(s -> s.substring(s.indexOf('{') + 1, s.indexOf('=')))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(labels).isSubsetOf("code", "le", "outcome", "part", "state", "step");
    }

    @Test
    void metrics_from_the_journal_survive_a_restart() {
        saga.restart();
        Map<String, Double> after = samples();

        for (String name : List.of(
                "streaming_saga_total",
                "streaming_saga_completed_total",
                "streaming_saga_rollbacks",
                "streaming_saga_failed_rollbacks",
                "streaming_saga_orphaned_chunks",
                "streaming_saga_ingested_bytes_total",
                "streaming_saga_cleanups{state=\"pending\"}")) {
            assertThat(after).as(name).containsEntry(name, seen.get(name));
        }
        assertThat(after)
                .containsEntry("streaming_saga_sent_bytes_total", 0.0)
                .containsEntry("streaming_saga_step_duration_seconds_count{step=\"upload\"}", 0.0);
    }

    @Test
    void every_metric_of_dashboard_and_alerts_exists() throws Exception {
        Set<String> wanted = new TreeSet<>();
        JsonNode dashboard = new ObjectMapper()
                .readTree(Path.of("config/grafana/streaming-saga.json").toFile());
        dashboard.findValuesAsText("expr").forEach(expr -> collect(expr, wanted));
        Matcher rules = Pattern.compile("(?m)^ *expr: (.*)$")
                .matcher(Files.readString(Path.of("config/prometheus/alerts.yml")));
        while (rules.find()) {
            collect(rules.group(1), wanted);
        }

        assertThat(wanted).hasSizeGreaterThan(20);
        assertThat(seen.keySet().stream()
                        .map(sample -> sample.replaceAll("\\{.*", ""))
                        .collect(Collectors.toSet()))
                .containsAll(wanted);
    }

    private static void collect(String expr, Set<String> names) {
        Matcher name = NAME.matcher(expr);
        while (name.find()) {
            names.add(name.group());
        }
    }

    @Test
    void all_parts_are_up_and_a_bucket_that_hangs_delays_no_request() throws Exception {
        await().atMost(Duration.ofSeconds(40))
                .until(() -> get("/observe/health").statusCode() == 200);
        JsonNode up = new ObjectMapper().readTree(get("/observe/health").body());
        assertThat(up.path("status").asText()).isEqualTo("UP");
        Set<String> parts = new TreeSet<>();
        up.path("parts").fieldNames().forEachRemaining(parts::add);
        assertThat(parts)
                .containsExactlyInAnyOrder(
                        "coordinator",
                        "callback",
                        "bucket",
                        "journal",
                        "reader",
                        "security",
                        "vector",
                        "graph",
                        "relational",
                        "disk");
        assertThat(saga.keys())
                .as("the question whether we may write leaves nothing")
                .noneMatch(key -> key.contains("writable"));

        saga.s3().always().hang();
        // Cached for some seconds, then checked again.
        await().atMost(Duration.ofSeconds(40))
                .until(() -> get("/observe/health").statusCode() == 503);
        JsonNode down = new ObjectMapper().readTree(get("/observe/health").body());
        assertThat(down.at("/parts/bucket/status").asText()).isEqualTo("DOWN");
        assertThat(down.at("/parts/journal/status").asText()).isEqualTo("UP");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> samples().get("streaming_saga_health{part=\"bucket\"}") == 0.0);
        assertThat(get("/observe/health/live").statusCode()).isEqualTo(200);
        assertThat(get("/observe/health/ready").statusCode()).isEqualTo(503);
        saga.s3().clearRules();
    }
}
