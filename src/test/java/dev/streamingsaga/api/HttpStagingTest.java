package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.ProxiedRequest;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bodies that go straight to the bucket: {@code saga.http.staging=bucket}. */
class HttpStagingTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int CHUNK = StreamingSagaFixture.CHUNK;
    private static final int MAX = 20_000_000;
    private static final Predicate<ProxiedRequest> CHUNK_PUT =
            request -> request.method().equals("PUT") && request.path().contains("/chunk-");

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;
    private ApiClient api;

    @BeforeEach
    void start() throws Exception {
        Map<String, String> settings = new HashMap<>();
        settings.put("saga.http.enabled", "true");
        settings.put("saga.http.staging", "bucket");
        settings.put("saga.chunk.parallelism", "2");
        settings.put("saga.file.max-size", Integer.toString(MAX));
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

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private static String digest(byte[] bytes) throws Exception {
        return "sha-256=:"
                + Base64.getEncoder()
                        .encodeToString(MessageDigest.getInstance("SHA-256").digest(bytes)) + ":";
    }

    private List<Path> inFlight() throws IOException {
        try (Stream<Path> files = Files.list(saga.config().chunksInFlight())) {
            return files.toList();
        }
    }

    private SagaRecord newest() {
        return saga.journal().sagas().newest(1).get(0);
    }

    private void assertGivenUp(Reason reason) throws IOException {
        await().atMost(PATIENCE).until(() -> newest().state() == SagaState.COMPENSATED);
        assertThat(newest().reason()).contains(reason);
        saga.assertNothingAnywhere();
        assertThat(inFlight()).isEmpty();
        assertThat(saga.column("journal", "SELECT source FROM source_claim")).isEmpty();
    }

    @Test
    void a_body_is_stored_without_a_copy_on_this_host_and_read_back_byte_for_byte() throws Exception {
        byte[] content = bytes(2 * CHUNK + 4711);
        Answer answer = api.put(
                "three chunks.bin".replace(" ", "%20"), content, "Prefer", "wait=100", "Repr-Digest", digest(content));

        assertThat(answer.status()).as("%s", answer.json()).isEqualTo(200);
        JsonNode stored = answer.json();
        assertThat(stored.path("status").asText()).isEqualTo("COMPLETED");
        assertThat(stored.path("file").asText()).isEqualTo("three chunks.bin");
        assertThat(stored.path("runs").asInt()).isEqualTo(1);
        assertThat(stored.path("resumedBytes").asLong()).isZero();
        assertThat(stored.path("stores").path("upload").asInt()).isEqualTo(3);
        String url = "/api/documents/" + stored.path("documentId").asText() + "/content";
        assertThat(api.get(url).response().body()).isEqualTo(content);
        assertThat(saga.s3().requests().stream().filter(CHUNK_PUT))
                .as("each chunk is sent once")
                .hasSize(3);
        assertThat(inFlight()).isEmpty();
        assertThat(saga.contents().get("http spool")).isEmpty();
        assertThat(api.put("three%20chunks.bin", content, "Prefer", "wait=100")
                        .json()
                        .path("documentId"))
                .as("the same body again")
                .isEqualTo(stored.path("documentId"));
        assertThat(newest().reason()).contains(Reason.DUPLICATE);
        assertThat(saga.keys()).hasSize(4);
    }

    @Test
    void an_empty_body_is_a_document_as_well() {
        JsonNode stored =
                api.put("empty.txt", new byte[0], "Prefer", "wait=100").json();
        assertThat(stored.path("status").asText()).as("%s", stored).isEqualTo("COMPLETED");
        assertThat(saga.keys()).singleElement().asString().endsWith("manifest.json");
    }

    /** What 202 promises: from then on only journal and bucket matter. */
    @Test
    void after_202_another_process_finishes_the_saga_from_the_bucket() throws Exception {
        byte[] content = bytes(CHUNK + 1);
        saga.s3()
                .when(request ->
                        request.method().equals("GET") && request.query().contains("list-type"))
                .hang();
        Answer answer = api.put("early.bin", content);
        assertThat(answer.status()).isEqualTo(202);
        String sagaId = answer.json().path("sagaId").asText();
        assertThat(saga.keys()).hasSize(2);
        saga.restart(() -> {
            deleteAll(saga.data().resolve("spool"));
            saga.s3().clearRules();
        });
        connect();

        assertThat(saga.awaitOutcome(sagaId).status()).isEqualTo("COMPLETED");
        assertThat(saga.s3().requests().stream().filter(CHUNK_PUT)).hasSize(2);
    }

    private static void deleteAll(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void a_body_that_breaks_off_is_removed_from_the_bucket() throws Exception {
        try (Socket sender = api.socket()) {
            ApiClient.write(
                    sender,
                    "PUT /api/documents/broken.bin HTTP/1.1\r\nContent-Length: " + (3 * CHUNK),
                    bytes(2 * CHUNK + 100));
            await().atMost(PATIENCE).until(() -> saga.keys().size() == 2);
            assertThat(newest().state()).isEqualTo(SagaState.UPLOADING);
        }
        assertGivenUp(Reason.CLIENT_ABORTED);
    }

    @Test
    void a_wrong_digest_leaves_nothing() throws Exception {
        Answer answer = api.put("wrong.bin", bytes(CHUNK + 5), "Repr-Digest", digest(bytes(3)));
        assertThat(answer.status()).isEqualTo(400);
        assertGivenUp(Reason.HASH_MISMATCH);
    }

    @Test
    void a_body_that_grows_beyond_the_limit_leaves_nothing() throws Exception {
        byte[] content = bytes(MAX + 1);
        Answer announced = api.put("large.bin", content);
        assertThat(announced.status()).isEqualTo(413);
        assertThat(saga.journal().sagas().newest(9))
                .as("refused before it was read")
                .isEmpty();

        Answer chunked = api.send(
                "PUT",
                "/api/documents/large.bin",
                BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(content)));
        assertThat(chunked.status()).isEqualTo(413);
        assertGivenUp(Reason.FILE_TOO_LARGE);
    }

    @Test
    void two_senders_of_the_same_body_get_one_document() throws Exception {
        byte[] content = bytes(CHUNK + 77);
        CountDownLatch latch = new CountDownLatch(1);
        saga.s3()
                .when(CHUNK_PUT.and(request -> request.path().contains("chunk-000001")))
                .times(2)
                .delay(latch);
        List<CompletableFuture<Answer>> answers = Stream.of(1, 2)
                .map(i -> Background.run("put " + i, () -> api.put("same.bin", content, "Prefer", "wait=100")))
                .toList();
        await().atMost(PATIENCE).until(() -> saga.keys().size() == 2);
        latch.countDown();

        List<JsonNode> outcomes =
                answers.stream().map(answer -> answer.join().json()).toList();
        assertThat(outcomes).allMatch(outcome -> outcome.path("status").asText().equals("COMPLETED"));
        assertThat(outcomes.get(0).path("documentId")).isEqualTo(outcomes.get(1).path("documentId"));
        assertThat(saga.keys()).hasSize(3);
        assertThat(saga.column("journal", "SELECT reason FROM saga WHERE state = 'COMPENSATED'"))
                .containsExactly("DUPLICATE");
    }

    @Test
    void the_same_body_again_replaces_the_older_version_if_versions_are_kept() throws Exception {
        byte[] content = bytes(CHUNK + 99);
        JsonNode old = api.put("versions.bin", content, "Prefer", "wait=100").json();
        saga.restart(Map.of("saga.duplicates", "version"));
        connect();
        JsonNode newer = api.put("versions.bin", content, "Prefer", "wait=100").json();

        assertThat(newer.path("status").asText()).isEqualTo("COMPLETED");
        assertThat(newer.path("documentId")).isEqualTo(old.path("documentId"));
        assertThat(saga.keys())
                .hasSize(3)
                .allMatch(key -> key.contains(newer.path("sagaId").asText()));
        assertThat(saga.rows("relational", "relational_document")).isEqualTo(1);
    }

    @Test
    void only_one_of_two_bodies_with_the_same_condition_is_kept() throws Exception {
        CountDownLatch latch = new CountDownLatch(1);
        saga.s3().when(CHUNK_PUT).times(2).delay(latch);
        List<CompletableFuture<Answer>> answers = Stream.of(1, 2)
                .map(i -> Background.run("put " + i, () -> api.put("once.bin", bytes(100 + i), "If-None-Match", "*")))
                .toList();
        await().atMost(PATIENCE).until(() -> saga.journal().sagas().newest(9).size() == 2);
        latch.countDown();

        assertThat(answers.stream().map(answer -> answer.join().status())).containsExactlyInAnyOrder(202, 412);
        await().atMost(PATIENCE)
                .until(
                        () -> saga.column("journal", "SELECT state FROM saga ORDER BY state"),
                        List.of("COMPENSATED", "COMPLETED")::equals);
        assertThat(saga.keys()).hasSize(2);
    }

    @Test
    void a_duplicate_that_is_being_removed_holds_up_no_other_request_with_a_condition() throws Exception {
        saga.restart(Map.of("saga.s3.timeout", "60s", "saga.compensation.step-timeout", "60s"));
        connect();
        byte[] content = bytes(100);
        JsonNode stored = api.put("first.bin", content, "Prefer", "wait=100").json();
        String tag = api.get("/api/documents/" + stored.path("documentId").asText() + "/content")
                .header("ETag");
        CountDownLatch removal = new CountDownLatch(1);
        CountDownLatch removing = new CountDownLatch(1);
        saga.s3()
                .when(request -> request.method().equals("DELETE")
                        || request.method().equals("POST") && request.query().contains("delete"))
                .beforeForward(() -> {
                    removing.countDown();
                    assertThat(removal.await(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                            .isTrue();
                });
        CompletableFuture<Answer> again =
                Background.run("again", () -> api.put("first.bin", content, "If-Match", tag, "Prefer", "wait=100"));
        assertThat(removing.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();

        CompletableFuture<Answer> other =
                Background.run("other", () -> api.put("other.bin", bytes(101), "If-None-Match", "*"));
        assertThat(other.get(PATIENCE.toSeconds() / 2, TimeUnit.SECONDS).status())
                .isEqualTo(202);
        assertThat(saga.column("journal", "SELECT state FROM saga WHERE reason = 'DUPLICATE'"))
                .containsExactly("COMPENSATING");
        removal.countDown();
        assertThat(again.join().json().path("sagaId")).isEqualTo(stored.path("sagaId"));
    }

    @Test
    void a_bucket_that_fails_gives_503_and_leaves_nothing() throws Exception {
        saga.s3().when(CHUNK_PUT).times(9).answer(503, "SlowDown");
        Answer answer = api.put("late.bin", bytes(100));
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.header("Retry-After")).isNotEmpty();
        saga.s3().clearRules();
        assertGivenUp(Reason.MAX_RETRIES_EXCEEDED);
    }

    /** However fast the sender is: the local disk holds the chunks in flight and the one that fills up. */
    @Test
    void a_bucket_that_is_slow_slows_the_sender_down() throws Exception {
        CountDownLatch latch = new CountDownLatch(1);
        saga.s3().when(CHUNK_PUT).times(2).delay(latch);
        CompletableFuture<Answer> answer =
                Background.run("put", () -> api.put("slow.bin", bytes(3 * CHUNK + 100), "Prefer", "wait=100"));
        await().atMost(PATIENCE).until(() -> inFlight().size() == 3 && full(inFlight()));
        latch.countDown();
        assertThat(answer.join().status()).isEqualTo(200);
    }

    private static boolean full(List<Path> parts) throws IOException {
        for (Path part : parts) {
            if (Files.size(part) != CHUNK) {
                return false;
            }
        }
        return true;
    }

    @Test
    void a_saga_that_is_cancelled_while_its_body_arrives_ends_the_request() throws Exception {
        try (Socket sender = api.socket()) {
            ApiClient.write(
                    sender,
                    "PUT /api/documents/cancelled.bin HTTP/1.1\r\nContent-Length: " + (3 * CHUNK),
                    bytes(CHUNK + 100));
            await().atMost(PATIENCE).until(() -> saga.keys().size() == 1);
            assertThat(api.post("/api/sagas/" + newest().sagaId() + "/cancel", "")
                            .status())
                    .isEqualTo(202);
            await().atMost(PATIENCE).until(() -> newest().state() == SagaState.COMPENSATED);
            sender.getOutputStream().write(bytes(1_000_000));
            assertThat(ApiClient.readAll(sender)).startsWith("HTTP/1.1 503");
        }
        assertGivenUp(Reason.CANCELLED);
    }
}
