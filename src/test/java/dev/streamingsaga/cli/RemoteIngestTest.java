package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** {@code ingest --url} against a running instance that requires a key, created by {@code key}. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("own-jvm")
class RemoteIngestTest {
    private StreamingSagaFixture saga;
    private String url;
    private String key;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        Path keys = directory.resolve("keys");
        Call made = Call.of("key", "sender", "--scope", "ingest", "-D", "saga.http.keys-file=" + keys);
        assertThat(made.code()).as(made.err()).isZero();
        key = made.out().strip();
        assertThat(Files.readString(keys)).startsWith("sender:ingest:").doesNotContain(key);
        Map<String, String> settings = new HashMap<>();
        settings.put("saga.http.enabled", "true");
        settings.put("saga.http.keys-file", keys.toString());
        settings.put("saga.file.max-size", "1MiB");
        saga = StreamingSagaFixture.start(directory, settings);
        url = saga.application().address().orElseThrow().toString();
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    @Test
    void sends_files_and_prints_their_outcomes() throws Exception {
        Path file = saga.text("mit Umlaut ä und 100%.txt", 50);
        Call call = Call.of("ingest", "--url", url, "--key", key, "--json", file.toString());

        assertThat(call.code()).as(call.err()).isZero();
        JsonNode line = call.line();
        assertThat(line.path("status").asText()).isEqualTo("COMPLETED");
        assertThat(line.path("file").asText()).isEqualTo("mit Umlaut ä und 100%.txt");
        assertThat(line.path("sizeBytes").asLong()).isEqualTo(Files.size(file));
        assertThat(Call.of("list", "--data", saga.data().toString()).out())
                .as("the name of the sent file, not the path of its body")
                .contains(line.path("sagaId").asText(), " mit Umlaut ä und 100%.txt")
                .doesNotContain("spool");
    }

    @Test
    void fails_for_a_document_with_warnings_only_if_strict() throws Exception {
        Path image = Files.write(
                saga.text("photo.png", 1), new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13});

        Call call = Call.of("ingest", "--url", url, "--key", key, image.toString());
        assertThat(call.code()).as(call.err()).isZero();
        assertThat(call.out()).contains("1 warning:", "(TYPE_UNKNOWN)");
        assertThat(Call.of("ingest", "--url", url, "--key", key, "--strict", image.toString())
                        .code())
                .isEqualTo(1);
    }

    @Test
    void sends_a_file_with_control_characters_in_its_name() {
        Path file = saga.text("turned\u202Etxt.exe", 2);
        Call call = Call.of("ingest", "--url", url, "--key", key, "--json", file.toString());

        assertThat(call.code()).as(call.err()).isZero();
        assertThat(call.out()).contains("\"file\":\"turned%E2%80%AEtxt.exe\"");
    }

    @Test
    void receives_a_rejection_before_it_has_sent_a_large_file() {
        Call call = Call.of(
                "ingest",
                "--url",
                url,
                "--key",
                key,
                saga.sparse("large.bin", 3_000_000_000L).toString());

        assertThat(call.code()).isEqualTo(2);
        assertThat(call.err()).contains("413").contains("saga.file.max-size");
    }

    /** The server replies twice as the service does while it starts, and then with a status that is not retried. */
    @Test
    void waits_for_a_service_that_is_starting() throws Exception {
        AtomicInteger requests = new AtomicInteger();
        Path file = saga.text("early.txt", 3);
        Vertx vertx = Vertx.vertx();
        HttpServer starting = vertx.createHttpServer()
                .requestHandler(request -> request.response()
                        .putHeader("Connection", "close")
                        .putHeader("Retry-After", "1")
                        .setStatusCode(requests.incrementAndGet() <= 2 ? 503 : 418)
                        .end())
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
        try {
            Call call = Call.of(
                    "ingest", "--url", "http://127.0.0.1:" + starting.actualPort(), "--key", key, file.toString());

            assertThat(requests).as("retried until the status was not 503").hasValue(3);
            assertThat(call.code()).isEqualTo(2);
            assertThat(call.err()).contains("418");
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
        }
    }

    /** The server reads only the headers. */
    @Test
    void states_the_digest_of_what_it_sends() throws Exception {
        Path file = saga.text("stated.txt", 3);
        String sha256 = Base64.getEncoder()
                .encodeToString(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        AtomicReference<String> stated = new AtomicReference<>("");
        Vertx vertx = Vertx.vertx();
        HttpServer listening = vertx.createHttpServer()
                .requestHandler(request -> {
                    stated.set(request.getHeader("Repr-Digest"));
                    request.response()
                            .putHeader("Connection", "close")
                            .setStatusCode(418)
                            .end();
                })
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
        try {
            Call.of("ingest", "--url", "http://127.0.0.1:" + listening.actualPort(), file.toString());

            assertThat(stated).hasValue("sha-256=:" + sha256 + ":");
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void exits_with_2_for_a_wrong_key_and_with_4_if_no_server_answers() {
        String file = saga.text("small.txt", 1).toString();
        assertThat(Call.of("ingest", "--url", url, "--key", "sk_wrong", file)).satisfies(call -> {
            assertThat(call.code()).isEqualTo(2);
            assertThat(call.err()).contains("401");
        });
        assertThat(Call.of("ingest", "--url", "http://127.0.0.1:1/", file).code())
                .isEqualTo(4);
        assertThat(Call.of("ingest", "--url", "ftp://nowhere/", file).code()).isEqualTo(2);
        assertThat(Call.of("key", "x", "--scope", "ingest").code()).isEqualTo(2);
    }
}
