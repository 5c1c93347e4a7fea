package dev.streamingsaga.cli;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code drain} takes a service out of work, which goes on answering. */
@Timeout(120)
class DrainCommandTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final CountDownLatch held = new CountDownLatch(1);
    private StreamingSagaFixture saga;

    /** Holds the only saga in its second chunk. */
    private void start(String drainTimeout) throws Exception {
        saga = StreamingSagaFixture.start(
                directory,
                Map.of("saga.http.enabled", "true", "saga.chunk.parallelism", "1", "saga.drain.timeout", drainTimeout));
        CountDownLatch reached = new CountDownLatch(1);
        saga.s3().when(method("PUT").and(keyEndsWith("/chunk-000001"))).beforeForward(() -> {
            reached.countDown();
            held.await();
        });
        Background.run("ingest", () -> saga.ingest(saga.file("two.bin", CHUNK + 1L)));
        assertThat(reached.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    @AfterEach
    void stop() {
        held.countDown();
        if (saga != null) {
            saga.close();
        }
    }

    private Call drain(String... more) {
        List<String> arguments = new java.util.ArrayList<>(
                List.of("drain", "--json", "--data", directory.resolve("data").toString(), "-D", "saga.http.port=0"));
        arguments.addAll(List.of(more));
        return Call.of(arguments);
    }

    private HttpResponse<String> send(String path, String method, String body) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(saga.application()
                                        .address()
                                        .orElseThrow()
                                        .resolve(path))
                                .method(method, BodyPublishers.ofString(body))
                                .build(),
                        BodyHandlers.ofString());
    }

    private String states() {
        return String.join(",", saga.column("journal", "SELECT state || ' ' || run || ' ' || node FROM saga"));
    }

    @Test
    void what_runs_ends_while_the_service_refuses_documents_and_answers_all_else() throws Exception {
        start("60s");

        CompletableFuture<Call> call = Background.run("drain", this::drain);

        await().atMost(PATIENCE)
                .until(() -> send("observe/health/ready", "GET", "").statusCode() == 503);
        await().atMost(PATIENCE)
                .until(() -> send("api/documents/late.txt", "PUT", "late").statusCode() == 503);
        HttpResponse<String> late = send("api/documents/late.txt", "PUT", "late");
        assertThat(late.headers().firstValue("Retry-After")).isPresent();
        assertThat(send("api/drain", "GET", "").body()).contains("DRAINING", "\"running\":1", "\"handedOver\":0");
        assertThat(send("api/sagas", "GET", "").body()).contains("UPLOADING");
        assertThat(call).isNotDone();
        held.countDown();

        Call drained = call.orTimeout(60, TimeUnit.SECONDS).join();
        assertThat(drained.code()).as(drained.err()).isZero();
        List<JsonNode> lines = drained.lines();
        assertThat(lines.get(0).path("state").asText()).isEqualTo("DRAINING");
        assertThat(lines.get(lines.size() - 1).toString())
                .contains("\"state\":\"DRAINED\"", "\"running\":0", "\"handedOver\":0");
        assertThat(states()).startsWith("COMPLETED 1 ");
        assertThat(send("api/sagas", "GET", "").body()).as("it still answers").contains("COMPLETED");
        assertThat(drain().code()).as("again").isZero();
    }

    @Test
    void what_does_not_end_is_handed_over() throws Exception {
        start("0s");

        CompletableFuture<Call> call = Background.run("drain", this::drain);
        await().atMost(PATIENCE).until(() -> states().equals("UPLOADING 2 "));
        held.countDown();

        Call drained = call.orTimeout(60, TimeUnit.SECONDS).join();
        assertThat(drained.code()).as(drained.err()).isZero();
        assertThat(drained.out()).contains("\"state\":\"DRAINED\",\"running\":0,\"handedOver\":1");
        saga.restart();
        await().atMost(PATIENCE).until(() -> states().startsWith("COMPLETED 2 "));
    }

    @Test
    void without_a_service_there_is_nothing_to_drain() {
        Call call = drain();

        assertThat(call.code()).as(call.err()).isZero();
        assertThat(call.err()).contains("no process uses", "nothing to drain");
    }

    @Test
    void a_service_that_does_not_answer_is_unreachable() {
        Call call = drain("--url", "http://127.0.0.1:1");

        assertThat(call.code()).as(call.err()).isEqualTo(4);
        assertThat(call.err()).contains("http://127.0.0.1:1/api/drain does not answer");
    }
}
