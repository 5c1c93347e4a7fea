package dev.streamingsaga.failure;

import static dev.streamingsaga.failure.Aftermath.assertStored;
import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.Internals;
import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.BrokerClient;
import dev.streamingsaga.testkit.EmbeddingServer;
import dev.streamingsaga.testkit.ProxiedRequest;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.Message;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An orderly stop leaves running sagas to the next start: nothing is compensated, and nothing is sent twice. */
@Timeout(120)
class OrderlyStopTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch held = new CountDownLatch(1);
    private StreamingSagaFixture saga;

    private void start(String... settings) throws Exception {
        saga = StreamingSagaFixture.start(directory, Map.of("saga.chunk.parallelism", "1"), settings);
    }

    @AfterEach
    void stop() {
        held.countDown();
        saga.close();
    }

    private static Predicate<ProxiedRequest> put(int chunk) {
        return method("PUT").and(keyEndsWith("/chunk-%06d".formatted(chunk)));
    }

    /** Holds the second chunk of the next document in front of the bucket. */
    private void holdSecondChunk() {
        saga.s3().when(put(1)).always().beforeForward(() -> {
            reached.countDown();
            held.await();
        });
    }

    private void awaitHeld() throws InterruptedException {
        assertThat(reached.await(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("reached")
                .isTrue();
    }

    /** Stops, and lets held requests pass once the stop has begun. */
    private void stopNow() {
        saga.stop(held::countDown);
    }

    private String only() {
        assertThat(saga.journal().sagas().newest(9)).hasSize(1);
        return saga.journal().sagas().newest(1).get(0).sagaId();
    }

    @Test
    void an_upload_is_resumed_by_the_next_start_and_sends_nothing_twice() throws Exception {
        start("saga.recovery.max-runs", "1");
        Original file = Original.of(saga.file("five.bin", 4L * CHUNK + 1000));
        holdSecondChunk();
        CompletableFuture<IngestResult> call = Background.run("ingest", () -> saga.ingest(file.path()));
        awaitHeld();

        stopNow();

        assertThatThrownBy(call::join)
                .rootCause()
                .isInstanceOf(ShutdownException.class)
                .hasMessageContainingAll("stopping", "the next start resumes it");
        assertThat(saga.column("journal", "SELECT state FROM saga"))
                .as("nothing compensated")
                .containsExactly("UPLOADING");
        assertThat(saga.column("journal", "SELECT state FROM chunk ORDER BY idx"))
                .as("the held chunk counts")
                .containsExactly("SENT", "SENT", "PENDING", "PENDING", "PENDING");
        saga.restart();
        IngestResult result = saga.awaitOutcome(only());
        assertStored(saga, result, file);
        assertThat(result.runs()).isEqualTo(2);
        assertThat(result.errors()).isEmpty();
        assertThat(IntStream.range(0, 5).mapToLong(chunk -> saga.s3().count(put(chunk))))
                .as("times sent")
                .containsOnly(1L);
    }

    @Test
    void a_store_that_hangs_does_not_prevent_the_stop() throws Exception {
        try (EmbeddingServer model = new EmbeddingServer()) {
            start(model.settings().entrySet().stream()
                    .flatMap(e -> Stream.of(e.getKey(), e.getValue()))
                    .toArray(String[]::new));
            Original file = Original.of(saga.text("keeper.txt", 60));
            CountDownLatch embedding = model.holdAfter(4);
            Background.run("ingest", () -> saga.ingest(file.path()));
            assertThat(embedding.await(60, TimeUnit.SECONDS)).isTrue();

            stopNow();

            assertThat(saga.column("journal", "SELECT state FROM saga")).containsExactly("PROCESSING");
            model.release();
            saga.restart();
            assertStored(saga, saga.awaitOutcome(only()), file);
        }
    }

    @Test
    void waiting_sagas_are_resumed_too() throws Exception {
        start("saga.concurrency", "1");
        holdSecondChunk();
        List<Original> files = IntStream.range(0, 4)
                .mapToObj(i -> saga.file("f" + i + ".bin", CHUNK + 100L + i))
                .map(Original::of)
                .toList();
        files.forEach(file -> Background.run("ingest", () -> saga.ingest(file.path())));
        awaitHeld();
        await().atMost(PATIENCE)
                .until(() -> Internals.runs(saga.application().bundle()).all().size() == 4);

        stopNow();

        assertThat(saga.column("journal", "SELECT DISTINCT node FROM saga"))
                .as("without an owner")
                .containsExactly("");
        saga.restart();
        for (SagaRecord one : saga.journal().sagas().newest(9)) {
            assertStored(
                    saga,
                    saga.awaitOutcome(one.sagaId()),
                    files.stream()
                            .filter(file -> file.path().equals(one.source()))
                            .findFirst()
                            .orElseThrow());
        }
        assertThat(saga.journal().sagas().newest(9)).hasSize(4);
    }

    @Test
    void an_interrupted_compensation_is_continued_by_the_next_start() throws Exception {
        start();
        saga.s3().when(put(2)).always().answer(400, "InvalidArgument");
        saga.s3().when(method("POST").or(method("DELETE"))).beforeForward(() -> {
            reached.countDown();
            held.await();
        });
        Background.run("ingest", () -> saga.ingest(saga.file("four.bin", 3L * CHUNK + 1)));
        awaitHeld();

        stopNow();
        saga.s3().clearRules();
        saga.restart();

        assertThat(saga.awaitOutcome(only()).status()).isEqualTo("COMPENSATED");
        saga.assertNothingAnywhere();
    }

    @Test
    void a_cancellation_meanwhile_is_executed_by_the_next_start() throws Exception {
        start();
        holdSecondChunk();
        Background.run("ingest", () -> saga.ingest(saga.file("two.bin", CHUNK + 1L)));
        awaitHeld();
        stopNow();

        saga.execute("journal", "UPDATE saga SET wish = 'CANCEL'");
        saga.restart();

        IngestResult result = saga.awaitOutcome(only());
        assertThat(result.status()).isEqualTo("COMPENSATED");
        assertThat(result.reason()).isEqualTo("CANCELLED");
        saga.assertNothingAnywhere();
    }

    @Test
    void a_file_in_the_drop_folder_stays_there_until_its_saga_has_ended() throws Exception {
        Path drop = Files.createDirectory(directory.toRealPath().resolve("drop"));
        start(
                "saga.http.enabled",
                "false",
                "saga.drop.dir",
                drop.toString(),
                "saga.drop.interval",
                "100ms",
                "saga.drop.stable-for",
                "0s");
        holdSecondChunk();
        Path file = Files.move(saga.file("two.bin", CHUNK + 1L), drop.resolve("two.bin"));
        awaitHeld();

        stopNow();

        assertThat(file).exists();
        assertThat(drop.resolve(".failed/two.bin")).doesNotExist();
        saga.restart();
        await().atMost(PATIENCE).until(() -> Files.exists(drop.resolve(".done/two.bin.json")) && !Files.exists(file));
        assertThat(saga.journal().sagas().find(only()).orElseThrow().state()).isEqualTo(SagaState.COMPLETED);
    }

    @Test
    void a_message_stays_in_its_queue_and_is_answered_after_the_next_start() throws Exception {
        start("saga.http.enabled", "false", "saga.jms.embedded", "true");
        holdSecondChunk();
        byte[] content = Files.readAllBytes(saga.file("two.bin", CHUNK + 1L));
        try (Connection connection = connect();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            BytesMessage message = session.createBytesMessage();
            message.setStringProperty("fileName", "two.bin");
            message.setJMSReplyTo(session.createQueue("answers"));
            message.writeBytes(content);
            session.createProducer(session.createQueue("saga-ingest")).send(message);
        }
        awaitHeld();

        stopNow();

        assertThat(saga.column("journal", "SELECT state FROM saga")).containsExactly("UPLOADING");
        saga.restart();
        try (Connection connection = connect();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            Message reply =
                    session.createConsumer(session.createQueue("answers")).receive(PATIENCE.toMillis());
            assertThat(((TextMessage) reply).getText()).contains("\"status\":\"COMPLETED\"", only());
        }
        assertThat(saga.s3().count(put(0))).isOne();
    }

    private Connection connect() throws Exception {
        Connection connection = BrokerClient.producer(saga.data()).createConnection();
        connection.start();
        return connection;
    }

    @Test
    void an_upload_is_kept_for_the_next_start() throws Exception {
        start("saga.http.enabled", "true");
        holdSecondChunk();
        byte[] content = Files.readAllBytes(saga.file("two.bin", CHUNK + 1L));
        HttpRequest request = HttpRequest.newBuilder(
                        saga.application().address().orElseThrow().resolve("api/documents/two.bin"))
                .header("Prefer", "wait=60")
                .PUT(HttpRequest.BodyPublishers.ofByteArray(content))
                .build();
        CompletableFuture<HttpResponse<String>> answer = Background.call(
                "put", () -> HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()));
        awaitHeld();

        stopNow();

        assertThat(answer.orTimeout(60, TimeUnit.SECONDS).join().statusCode())
                .as("begun, and resumed later")
                .isEqualTo(202);
        saga.restart();
        IngestResult result = saga.awaitOutcome(only());
        assertThat(result.status()).isEqualTo("COMPLETED");
        assertThat(result.sha256())
                .isEqualTo(HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(content)));
        assertThat(result.runs()).isEqualTo(2);
    }

    @Test
    void a_running_saga_ends_within_the_drain_timeout_while_http_answers() throws Exception {
        start("saga.http.enabled", "true", "saga.drain.timeout", "60s");
        holdSecondChunk();
        HttpRequest request = put("two.bin", Files.readAllBytes(saga.file("two.bin", CHUNK + 1L)));
        CompletableFuture<HttpResponse<String>> answer = Background.call("put", () -> send(request));
        awaitHeld();

        CompletableFuture<Boolean> stopped = Background.run("stop", () -> {
            saga.application().close();
            return true;
        });

        await().atMost(PATIENCE).until(() -> send(get("observe/health/ready")).statusCode() == 503);
        assertThat(send(get("observe/health/live")).statusCode()).isEqualTo(200);
        HttpResponse<String> detail = send(get("api/sagas/" + only()));
        assertThat(detail.statusCode()).isEqualTo(200);
        assertThat(detail.body()).contains("\"state\":\"UPLOADING\"");
        await().atMost(PATIENCE)
                .until(() -> send(put("late.txt", "late".getBytes(UTF_8))).statusCode() == 503);
        HttpResponse<String> late = send(put("late.txt", "late".getBytes(UTF_8)));
        assertThat(late.headers().firstValue("Retry-After")).isPresent();
        assertThat(stopped).isNotDone();
        held.countDown();

        assertThat(stopped.orTimeout(60, TimeUnit.SECONDS).join()).isTrue();
        assertThat(answer.orTimeout(60, TimeUnit.SECONDS).join().body()).contains("\"status\":\"COMPLETED\"");
        assertThat(saga.column("journal", "SELECT state || run FROM saga")).containsExactly("COMPLETED1");
    }

    private HttpRequest put(String name, byte[] content) {
        return HttpRequest.newBuilder(address("api/documents/" + name))
                .header("Prefer", "wait=60")
                .PUT(HttpRequest.BodyPublishers.ofByteArray(content))
                .build();
    }

    private HttpRequest get(String path) {
        return HttpRequest.newBuilder(address(path)).build();
    }

    private URI address(String path) {
        return saga.application().address().orElseThrow().resolve(path);
    }

    private static HttpResponse<String> send(HttpRequest request) throws Exception {
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void what_does_not_end_within_the_drain_timeout_is_handed_over() throws Exception {
        start("saga.drain.timeout", "1s");
        Original file = Original.of(saga.file("five.bin", 4L * CHUNK + 1000));
        holdSecondChunk();
        Background.run("ingest", () -> saga.ingest(file.path()));
        awaitHeld();

        stopNow();

        assertThat(saga.column("journal", "SELECT state || node FROM saga")).containsExactly("UPLOADING");
        saga.restart();
        assertStored(saga, saga.awaitOutcome(only()), file);
    }

    @Test
    void a_failed_start_leaves_them_to_the_next_one() throws Exception {
        start("saga.http.enabled", "true", "saga.jms.embedded", "true");
        Original file = Original.of(saga.file("five.bin", 4L * CHUNK + 1000));
        holdSecondChunk();
        Background.run("ingest", () -> saga.ingest(file.path()));
        awaitHeld();
        stopNow();

        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThatThrownBy(() -> saga.restart(Map.of("saga.http.port", String.valueOf(taken.getLocalPort()))))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("nothing was started")
                    .hasMessageContaining("saga.http.port=0");
            assertThatThrownBy(() -> saga.restart(
                            Map.of("saga.http.port", "0", "saga.jms.port", String.valueOf(taken.getLocalPort()))))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("saga.jms.port");
        }

        saga.restart(Map.of("saga.jms.port", "0"));
        assertStored(saga, saga.awaitOutcome(only()), file);
    }

    @Test
    void accepts_no_more_documents() throws Exception {
        start();
        Path file = saga.text("late.txt", 3);
        saga.application().bundle().drain();

        assertThatThrownBy(() -> saga.ingest(file))
                .rootCause()
                .isInstanceOf(ShutdownException.class)
                .hasMessageContaining(file.toString());
        assertThat(saga.journal().sagas().newest(1)).isEmpty();
    }
}
