package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.FaultRule;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A service at its limits, and the spool file of a saga that stops. */
@Tag("one-jdk")
class HttpLimitsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;
    private ApiClient api;

    @BeforeEach
    void start() throws Exception {
        Map<String, String> settings = new HashMap<>();
        settings.put("saga.http.enabled", "true");
        settings.put("saga.http.max-uploads", "1");
        settings.put("saga.http.max-sagas", "2");
        settings.put("saga.http.max-listeners", "1");
        settings.put("saga.http.idle-timeout", "2s");
        saga = StreamingSagaFixture.start(directory, settings);
        connect();
    }

    @AfterEach
    void stop() {
        saga.close();
    }

    private void connect() {
        api = new ApiClient(saga.application().address().orElseThrow());
    }

    private List<Path> spooled() {
        try (Stream<Path> files = Files.list(saga.config().uploads())) {
            return files.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private SagaState state(String sagaId) {
        return saga.journal().sagas().find(sagaId).orElseThrow().state();
    }

    @Test
    void rejects_a_second_upload_before_its_body_and_accepts_it_later() throws Exception {
        try (Socket first = api.socket()) {
            ApiClient.write(first, "PUT /api/documents/slow.bin HTTP/1.1\r\nContent-Length: 100", new byte[1]);
            await().atMost(PATIENCE).until(() -> !spooled().isEmpty());
            try (Socket second = api.socket()) {
                ApiClient.write(
                        second, "PUT /api/documents/second.bin HTTP/1.1\r\nContent-Length: 5000000000", new byte[0]);
                String answer = ApiClient.readAll(second);
                assertThat(answer)
                        .startsWith("HTTP/1.1 429")
                        .contains("Retry-After: ")
                        .contains("max-uploads");
            }
            assertThat(ApiClient.readAll(first)).as("a body that stops").startsWith("HTTP/1.1 408");
        }
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(spooled()).isEmpty());
        assertThat(api.put("second.bin", new byte[10], "Prefer", "wait=100").status())
                .isEqualTo(200);
    }

    @Test
    void rejects_more_sagas_than_the_limit() {
        saga.s3().when(request -> request.method().equals("PUT")).hang();
        String first = api.put("one.bin", new byte[10]).json().path("sagaId").asText();
        api.put("two.bin", new byte[11]);
        Answer third = api.put("three.bin", new byte[12]);

        assertThat(third.status()).isEqualTo(429);
        assertThat(third.problem()).isEqualTo("too-many-sagas");
        assertThat(api.get("/api/sagas/" + first)
                        .json()
                        .path("saga")
                        .path("state")
                        .asText())
                .isNotEqualTo("COMPLETED");
        saga.s3().clearRules();
        await().atMost(PATIENCE).until(() -> api.put("three.bin", new byte[12]).status() == 202);
    }

    @Test
    void limits_the_number_of_event_streams() throws Exception {
        var listening = api.stream("/api/events");
        assertThat(api.get("/api/events").status()).isEqualTo(429);
        listening.body().close();
        saga.journal();
        await().atMost(PATIENCE).until(() -> {
            api.put("tick-" + System.nanoTime(), new byte[1], "Prefer", "wait=100");
            var again = api.stream("/api/events");
            again.body().close();
            return again.statusCode() == 200;
        });
    }

    @Test
    void keeps_the_spool_file_of_a_paused_saga_and_resumes_from_it_after_a_restart() {
        saga.s3()
                .when(request ->
                        request.method().equals("PUT") && request.path().contains("chunk-"))
                .hang();
        String sagaId = api.put("paused.txt", "the keeper pauses".getBytes(StandardCharsets.UTF_8))
                .json()
                .path("sagaId")
                .asText();
        await().atMost(PATIENCE).until(() -> state(sagaId) == SagaState.UPLOADING);
        assertThat(api.post("/api/sagas/" + sagaId + "/resume", "").status()).isEqualTo(409);
        assertThat(api.post("/api/sagas/" + sagaId + "/pause", "").status()).isEqualTo(202);
        await().atMost(PATIENCE).until(() -> state(sagaId) == SagaState.PAUSED);
        saga.s3().clearRules();
        Path part = saga.config().uploads().resolve("left.part");
        Path orphan = saga.config().uploads().resolve("0123456789abcdef0123456789abcdef.txt");
        saga.restart(() -> {
            try {
                Files.writeString(part, "of a killed process");
                Files.writeString(orphan, "of a killed process, before its saga");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        connect();

        assertThat(part).doesNotExist();
        assertThat(orphan).doesNotExist();
        assertThat(spooled()).hasSize(1);
        assertThat(api.post("/api/sagas/" + sagaId + "/resume", "").status()).isEqualTo(202);
        var outcome = api.get("/api/sagas/" + sagaId + "/outcome", "Prefer", "wait=100")
                .json();
        assertThat(outcome.path("status").asText()).as("%s", outcome).isEqualTo("COMPLETED");
        assertThat(outcome.path("runs").asInt()).isEqualTo(2);
        assertThat(outcome.path("file").asText()).isEqualTo("paused.txt");
    }

    @Test
    void cancels_a_saga() {
        FaultRule sending = saga.s3()
                .when(request ->
                        request.method().equals("PUT") && request.path().contains("chunk-"))
                .hang();
        String sagaId = api.put("unwanted.txt", "unwanted".getBytes(StandardCharsets.UTF_8))
                .json()
                .path("sagaId")
                .asText();
        await().atMost(PATIENCE).until(() -> sending.applied() > 0);
        assertThat(api.post("/api/sagas/" + sagaId + "/cancel", "").status()).isEqualTo(202);
        saga.s3().clearRules();
        var outcome = api.get("/api/sagas/" + sagaId + "/outcome", "Prefer", "wait=100")
                .json();

        assertThat(outcome.path("status").asText()).isEqualTo("COMPENSATED");
        assertThat(outcome.path("reason").asText()).isEqualTo("CANCELLED");
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(spooled()).isEmpty());
        saga.assertNothingAnywhere();
    }

    @Test
    void retries_and_resolves_clean_ups() {
        String chunk = "chunk-000000";
        saga.s3()
                .when(request -> request.method().equals("POST")
                        && request.query() != null
                        && request.query().contains("delete"))
                .always()
                .answer(503, "SlowDown");
        saga.s3().when(request -> request.method().equals("DELETE")).always().answer(503, "SlowDown");
        saga.s3()
                .when(request ->
                        request.method().equals("PUT") && request.path().contains("manifest"))
                .always()
                .answer(403, "AccessDenied");
        String sagaId = api.put("stuck.txt", "stuck".getBytes(StandardCharsets.UTF_8))
                .json()
                .path("sagaId")
                .asText();
        var outcome = api.get("/api/sagas/" + sagaId + "/outcome", "Prefer", "wait=100")
                .json();
        assertThat(outcome.path("status").asText()).as("%s", outcome).isEqualTo("PARTIALLY_COMPENSATED");
        var entry = api.get("/api/cleanups").json().path("cleanups").get(0);
        assertThat(entry.path("sagaId").asText()).isEqualTo(sagaId);
        assertThat(entry.path("resource").asText()).contains(chunk);
        assertThat(api.get("/api/sagas/" + sagaId)
                        .json()
                        .path("saga")
                        .path("openCleanups")
                        .asInt())
                .isPositive();
        String url = "/api/cleanups/" + entry.path("id").asText();

        assertThat(api.post(url + "/resolve", "{}").status()).isEqualTo(400);
        assertThat(api.post(url + "/retry", "").json().path("state").asText()).isEqualTo("PARTIALLY_COMPENSATED");
        saga.s3().clearRules();
        assertThat(api.post(url + "/retry", "").json().path("state").asText()).isEqualTo("COMPENSATED");
        assertThat(api.post(url + "/resolve", "{\"reason\":\"removed by hand\"}")
                        .status())
                .isEqualTo(409);
        assertThat(api.get("/api/cleanups").json().path("cleanups")).isEmpty();
        assertThat(api.get("/api/cleanups?all=true")
                        .json()
                        .path("cleanups")
                        .get(0)
                        .path("status")
                        .asText())
                .isEqualTo("DONE");
        saga.assertNothingAnywhere();
    }

    @Test
    void closes_an_entry_that_an_operator_has_handled() {
        saga.s3()
                .when(request -> request.method().equals("POST")
                        && request.query() != null
                        && request.query().contains("delete"))
                .always()
                .answer(503, "SlowDown");
        saga.s3().when(request -> request.method().equals("DELETE")).always().answer(503, "SlowDown");
        saga.s3()
                .when(request ->
                        request.method().equals("PUT") && request.path().contains("manifest"))
                .always()
                .answer(403, "AccessDenied");
        String sagaId = api.put("stuck.txt", "stuck".getBytes(StandardCharsets.UTF_8))
                .json()
                .path("sagaId")
                .asText();
        api.get("/api/sagas/" + sagaId + "/outcome", "Prefer", "wait=100");
        for (var entry : api.get("/api/cleanups").json().path("cleanups")) {
            Answer resolved = api.post(
                    "/api/cleanups/" + entry.path("id").asText() + "/resolve", "{\"reason\":\"removed by hand\"}");
            assertThat(resolved.status()).as("%s", resolved.json()).isEqualTo(200);
        }
        assertThat(state(sagaId)).isEqualTo(SagaState.COMPENSATED);
        assertThat(api.get("/api/cleanups?all=true")
                        .json()
                        .path("cleanups")
                        .get(0)
                        .path("resolution")
                        .asText())
                .isEqualTo("removed by hand");
    }
}
