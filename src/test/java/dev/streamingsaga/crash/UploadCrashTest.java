package dev.streamingsaga.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.ChildJava;
import dev.streamingsaga.testkit.PostgresServer;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import dev.streamingsaga.testkit.TusClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** A process that is killed while bodies go straight to the bucket. */
@Tag("one-jdk")
@Tag("own-jvm")
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
class UploadCrashTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long CHUNK = 5L << 20;
    /** {@code -Dtus.megabytes=1024} sends a larger file from node to node, through more kills. */
    private static final OptionalLong MEGABYTES = Stream.ofNullable(Long.getLong("tus.megabytes"))
            .mapToLong(Long::longValue)
            .findFirst();

    @TempDir
    Path directory;

    private Path data;
    private Path stop;

    @BeforeAll
    static void prepare() {
        ChildJava.prepare();
    }

    @BeforeEach
    void folders() throws IOException {
        directory = directory.toRealPath();
        data = Files.createDirectory(directory.resolve("data"));
        stop = directory.resolve("stop");
    }

    private static Map<String, String> settings() {
        return new HashMap<>(Map.of("saga.http.staging", "bucket", "saga.chunk.parallelism", "2"));
    }

    private ChildJvm.Running serve(Map<String, String> settings) {
        return ChildJvm.launch(data, settings, "serve", stop.toString());
    }

    /** A process that is killed at the first PUT of this chunk. */
    private ChildJvm.Running serveUntil(int chunk, String when) {
        Map<String, String> settings = settings();
        settings.put("crash.at", "~" + new Point("s3", "PutObject saga/*/chunk-00000" + chunk, 1).text());
        settings.put("crash.when", when);
        return serve(settings);
    }

    private Path file(long bytes) throws IOException {
        Path file = directory.resolve("original.bin");
        Random random = new Random(bytes);
        try (OutputStream out = Files.newOutputStream(file)) {
            for (long left = bytes; left > 0; left -= CHUNK) {
                byte[] content = new byte[(int) Math.min(left, CHUNK)];
                random.nextBytes(content);
                out.write(content);
            }
        }
        return file;
    }

    private HttpRequest.Builder request(String path) throws IOException {
        List<String> ports = Files.readAllLines(data.resolve("http.port"));
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + ports.get(ports.size() - 1) + path));
    }

    private void stop(ChildJvm.Running process) throws IOException {
        Files.createFile(stop);
        ChildJvm.End end = process.end();
        assertThat(end.exit()).as("%s", end.log()).isZero();
    }

    @Test
    void tus_js_client_completes_an_upload_through_three_kills() throws Exception {
        TusClient.assumeInstalled();
        Path file = file(9 * CHUNK + 4321);
        ChildJvm.Running process = serveUntil(2, "before");
        await().atMost(LIMIT).until(() -> Files.exists(data.resolve("http.port")));
        CompletableFuture<JsonNode> upload = TusClient.upload(data.resolve("http.port"), file, "original.bin");
        assertThat(process.end().killed()).isTrue();
        for (int chunk : new int[] {4, 7}) {
            assertThat(serveUntil(chunk, "after").end().killed()).isTrue();
        }
        process = serve(settings());
        JsonNode result = upload.join();

        assertThat(result.path("failures").asInt()).isGreaterThanOrEqualTo(3);
        // In flight are two chunks, the one that fills up, and what the sockets and their buffers hold.
        assertThat(result.path("again").asLong()).isLessThan(3 * 6 * CHUNK);
        String sagaId = result.path("path").asText().replaceFirst(".*/", "");
        HttpClient client = HttpClient.newHttpClient();
        HttpResponse<String> outcome = client.send(
                request("/api/sagas/" + sagaId + "/outcome")
                        .header("Prefer", "wait=60")
                        .build(),
                BodyHandlers.ofString());
        assertThat(outcome.body()).contains("\"status\":\"COMPLETED\"");
        String document = outcome.body().replaceFirst(".*\"documentId\":\"(\\w+)\".*", "$1");
        HttpResponse<InputStream> content =
                client.send(request("/api/documents/" + document + "/content").build(), BodyHandlers.ofInputStream());
        assertThat(content.body()).hasBinaryContent(Files.readAllBytes(file));
        stop(process);
    }

    @Test
    @Timeout(value = 1200, threadMode = ThreadMode.SEPARATE_THREAD)
    void tus_js_client_continues_on_another_node_of_the_same_journal_and_bucket() throws Exception {
        TusClient.assumeInstalled();
        Path file = file(MEGABYTES.isPresent() ? MEGABYTES.getAsLong() << 20 : 5 * CHUNK + 1234);
        long chunks = Files.size(file) / CHUNK;
        // The chunks at which the first node is killed; then it stays away.
        List<Long> kills = MEGABYTES.isPresent() ? List.of(chunks / 4, chunks / 2, chunks * 3 / 4) : List.of(2L);
        Path ports = directory.resolve("ports");
        try (PostgresServer postgres = PostgresServer.installed();
                StreamingSagaFixture other = StreamingSagaFixture.start(
                        directory.resolve("other"),
                        settings(),
                        "saga.journal.url",
                        postgres.url(),
                        "saga.participants",
                        "security",
                        "saga.store.security.url",
                        postgres.url(),
                        "saga.recovery.lease",
                        "2s",
                        "saga.http.enabled",
                        "true")) {
            Map<String, String> settings = other.settings();
            settings.remove("saga.data.dir");
            CompletableFuture<JsonNode> upload = new CompletableFuture<>();
            for (long chunk : kills) {
                settings.put(
                        "crash.at", "~" + new Point("s3", "PutObject saga/*/chunk-%06d".formatted(chunk), 1).text());
                settings.put("crash.when", "after");
                Files.deleteIfExists(data.resolve("http.port"));
                ChildJvm.Running process = serve(settings);
                await().atMost(LIMIT).until(() -> Files.exists(data.resolve("http.port")));
                Files.copy(data.resolve("http.port"), ports, StandardCopyOption.REPLACE_EXISTING);
                if (chunk == kills.get(0)) {
                    upload = TusClient.upload(ports, file, "moved.bin");
                }
                ChildJvm.End end = process.end();
                assertThat(end.killed()).as("%s", Files.readString(end.log())).isTrue();
            }
            Files.writeString(
                    ports, "\n" + other.application().address().orElseThrow().getPort(), StandardOpenOption.APPEND);
            JsonNode result = upload.join();

            System.out.println("bytes sent again after each kill: " + result.path("resumed"));
            assertThat(result.path("again").asLong()).isLessThan(4 * CHUNK * kills.size());
            String sagaId = result.path("path").asText().replaceFirst(".*/", "");
            assertThat(other.awaitOutcome(sagaId).status()).isEqualTo("COMPLETED");
            Path copy = directory.resolve("copy");
            other.application()
                    .bundle()
                    .operator()
                    .fetch(
                            other.journal()
                                    .sagas()
                                    .find(sagaId)
                                    .orElseThrow()
                                    .document()
                                    .orElseThrow()
                                    .documentId(),
                            copy);
            assertThat(Files.mismatch(copy, file)).as("first byte that differs").isNegative();
        }
    }

    @Test
    void a_body_that_a_kill_broke_off_is_removed_by_the_next_start() throws Exception {
        Path file = file(3 * CHUNK);
        ChildJvm.Running process = serveUntil(1, "after");
        await().atMost(LIMIT)
                .ignoreExceptions()
                .until(() -> HttpClient.newHttpClient()
                                .send(request("/observe/health/live").build(), BodyHandlers.discarding())
                                .statusCode()
                        == 200);
        CompletableFuture<Integer> sender = Background.call(
                "put",
                () -> HttpClient.newHttpClient()
                        .send(
                                request("/api/documents/a.bin")
                                        .PUT(BodyPublishers.ofFile(file))
                                        .build(),
                                BodyHandlers.discarding())
                        .statusCode());
        assertThat(process.end().killed()).isTrue();
        assertThat(sender).isCompletedExceptionally();

        process = serve(settings());
        await().atMost(LIMIT)
                .ignoreExceptions()
                .until(() -> Oracle.rows(data, "journal", "SELECT state || ' ' || reason FROM saga")
                        .equals(List.of("COMPENSATED CLIENT_ABORTED")));
        stop(process);
        try (Stream<Path> objects = Files.walk(data.resolve("bucket"))) {
            assertThat(objects.filter(path -> path.toString().contains("chunk-")))
                    .isEmpty();
        }
    }
}
