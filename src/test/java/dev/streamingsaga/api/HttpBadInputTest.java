package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bad input over HTTP: rejected with what, why and what to do, and nothing of it is kept. */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class HttpBadInputTest {
    private static final int MAX = 1_000_000;
    private static final byte[] SMALL = "The keeper of the lighthouse counted his gulls.\n".getBytes();

    private StreamingSagaFixture saga;
    private ApiClient api;
    private Path roots;
    private Path outside;
    private String ingest;
    private String read;
    private String storedId;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        Path here = directory.toRealPath();
        roots = Files.createDirectories(here.resolve("roots"));
        outside = Files.createDirectories(here.resolve("outside"));
        Path keys = here.resolve("keys");
        ingest = ApiKeys.create(keys, "sender", List.of("ingest", "read"));
        read = ApiKeys.create(keys, "reader", List.of("read"));
        saga = StreamingSagaFixture.start(
                here,
                new HashMap<>(Map.of(
                        "saga.http.enabled",
                        "true",
                        "saga.http.keys-file",
                        keys.toString(),
                        "saga.http.roots",
                        roots + ",/dev",
                        "saga.file.max-size",
                        Integer.toString(MAX),
                        "saga.duplicates",
                        "reject")));
        api = new ApiClient(saga.application().address().orElseThrow());
        Answer stored = api.put("stored.txt", SMALL, "Authorization", "Bearer " + ingest, "Prefer", "wait=100");
        assertThat(stored.status()).as("%s", stored.json()).isEqualTo(200);
        storedId = stored.json().path("sagaId").asText();
        Files.writeString(outside.resolve("secret.txt"), "secret");
        Files.createSymbolicLink(roots.resolve("link.txt"), outside.resolve("secret.txt"));
        Files.createSymbolicLink(roots.resolve("linked"), outside);
        Files.createSymbolicLink(roots.resolve("zero"), Path.of("/dev/zero"));
        Files.createSymbolicLink(roots.resolve("loop"), roots.resolve("loop"));
        Files.createDirectory(roots.resolve("folder"));
        Files.writeString(roots.resolve("file.txt"), "a file");
        assertThat(new ProcessBuilder("mkfifo", roots.resolve("pipe").toString())
                        .start()
                        .waitFor())
                .isZero();
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    /** @param says texts that the detail of the answer must contain */
    private record Case(String what, Sender send, int status, String type, String... says) {
        @Override
        public String toString() {
            return what;
        }
    }

    private interface Sender {
        Answer send(ApiClient api, String... headers);
    }

    private static Case put(
            String what, String name, byte[] body, int status, String type, List<String> headers, String... says) {
        return new Case(what, (api, more) -> api.put(name, body, join(headers, more)), status, type, says);
    }

    private Case path(String what, String path, int status, String type, String... says) {
        return json(what, "{\"path\":\"" + path + "\"}", status, type, says);
    }

    private static Case json(String what, String body, int status, String type, String... says) {
        return new Case(what, (api, more) -> api.post("/api/documents", body, more), status, type, says);
    }

    private static String[] join(List<String> some, String... more) {
        return Stream.concat(some.stream(), Arrays.stream(more)).toArray(String[]::new);
    }

    Stream<Case> bodies() {
        String wrong = "sha-256=:" + "A".repeat(43) + "=:";
        return Stream.of(
                put(
                        "wrong digest",
                        "a.txt",
                        SMALL,
                        400,
                        "wrong-digest",
                        List.of("Repr-Digest", wrong),
                        "has SHA-256",
                        "Repr-Digest says 0000",
                        "nothing was kept",
                        "send it again"),
                put(
                        "no digest at all",
                        "a.txt",
                        SMALL,
                        400,
                        "bad-digest",
                        List.of("Repr-Digest", "sha-256=:AAAA:"),
                        "Repr-Digest must be sha-256=:BASE64:",
                        "AAAA"),
                put(
                        "over the limit",
                        "a.txt",
                        new byte[MAX + 1],
                        413,
                        "too-large",
                        List.of(),
                        "more than " + MAX + " bytes",
                        "saga.file.max-size",
                        "nothing was kept"),
                new Case(
                        "over the limit, unannounced",
                        (api, more) -> api.send(
                                "PUT",
                                "/api/documents/a.txt",
                                BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(new byte[MAX + 1])),
                                more),
                        413,
                        "too-large",
                        "saga.file.max-size",
                        "nothing was kept"),
                put(
                        "compressed",
                        "a.gz",
                        SMALL,
                        415,
                        "encoded-body",
                        List.of("Content-Encoding", "gzip"),
                        "gzip",
                        "send the bytes as they are"),
                put(
                        "a part only",
                        "a.txt",
                        SMALL,
                        400,
                        "partial-body",
                        List.of("Content-Range", "bytes 0-1/5"),
                        "send all of it"),
                put("a name that is a path", "..%2Fa.txt", SMALL, 400, "bad-name", List.of(), "../a.txt", "no slash"),
                put("an unknown parameter", "a.txt?mode=fast", SMALL, 400, "unknown-parameter", List.of(), "mode"),
                put(
                        "a duplicate",
                        "stored.txt",
                        SMALL,
                        409,
                        "duplicate",
                        List.of(),
                        "saga.duplicates=reject",
                        "nothing was kept"));
    }

    Stream<Case> paths() {
        return Stream.of(
                path(
                        "outside the roots",
                        outside + "/secret.txt",
                        403,
                        "outside-roots",
                        "secret.txt",
                        "saga.http.roots",
                        "nothing was read",
                        "send the content"),
                path("outside, and not there", outside + "/none.txt", 403, "outside-roots", "saga.http.roots"),
                path("../", roots + "/../outside/secret.txt", 403, "outside-roots", "saga.http.roots"),
                path("a link that leads out", roots + "/link.txt", 403, "outside-roots", "link.txt", "saga.http.roots"),
                path(
                        "a folder's link that leads out",
                        roots + "/linked/secret.txt",
                        403,
                        "outside-roots",
                        "saga.http.roots"),
                path("a device", "/dev/zero", 400, "no-file", "/dev/zero", "a device", "name a regular file"),
                path("a link to a device", roots + "/zero", 400, "no-file", "a device", "name a regular file"),
                path(
                        "a pipe",
                        roots + "/pipe",
                        400,
                        "no-file",
                        "/pipe",
                        "a pipe",
                        "nothing was read",
                        "name a regular file"),
                path("a directory", roots + "/folder", 400, "no-file", "/folder", "a directory", "name a regular file"),
                path("nothing there", roots + "/none.txt", 404, "no-file", "/none.txt", "nothing was read"),
                path(
                        "a loop of links",
                        roots + "/loop",
                        400,
                        "no-file",
                        "/loop",
                        "cannot be reached",
                        "nothing was read"),
                path(
                        "a file as a folder",
                        roots + "/file.txt/x",
                        400,
                        "no-file",
                        "cannot be reached",
                        "nothing was read"),
                path(
                        "a name too long",
                        roots + "/" + "n".repeat(300),
                        400,
                        "no-file",
                        "cannot be reached",
                        "nothing was read"),
                path("relative", "file.txt", 400, "bad-path", "must be absolute", "file.txt"),
                path("NUL", "/a\\u0000b", 400, "bad-path", "must be absolute", "/a?b"));
    }

    Stream<Case> requests() {
        return Stream.of(
                json("no JSON", "path=x", 400, "bad-json", "not the JSON"),
                json("an unknown field", "{\"path\":\"/x\",\"mode\":1}", 400, "bad-json", "mode"),
                json("the same field twice", "{\"path\":\"/x\",\"path\":\"/y\"}", 400, "bad-json", "path"),
                json("no field", "{}", 400, "bad-json", "{\"path\": \"/absolute/path\"}"),
                json(
                        "too much JSON",
                        "{\"path\":\"" + "x".repeat(70_000) + "\"}",
                        413,
                        "too-large",
                        "65536 bytes",
                        "nothing was done"),
                new Case(
                        "another type",
                        (api, more) -> api.send(
                                "POST",
                                "/api/documents",
                                BodyPublishers.ofString("path=x"),
                                join(List.of("Content-Type", "text/plain"), more)),
                        415,
                        "not-json",
                        "application/json",
                        "text/plain"));
    }

    private void assertRefused(Case bad, String key) {
        Map<String, List<String>> before = saga.contents();
        int sagas = saga.journal().sagas().newest(1000).size();

        Answer answer = key.isEmpty() ? bad.send().send(api) : bad.send().send(api, "Authorization", "Bearer " + key);

        assertThat(answer.status()).as("%s", answer.json()).isEqualTo(bad.status());
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.problem()).isEqualTo(bad.type());
        assertThat(answer.json().path("detail").asText()).contains(bad.says()).doesNotContain("Exception");
        assertThat(saga.journal().sagas().newest(1000)).hasSize(sagas);
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(saga.contents()).isEqualTo(before));
    }

    @ParameterizedTest
    @MethodSource({"bodies", "paths", "requests"})
    void bad_input_is_rejected_with_a_reason_and_stores_nothing(Case bad) {
        assertRefused(bad, ingest);
    }

    Stream<Case> strangers() {
        return Stream.of(
                put(
                        "no key",
                        "a.txt",
                        SMALL,
                        401,
                        "not-authenticated",
                        List.of(),
                        "no credentials",
                        "Authorization: Bearer"),
                put(
                        "a wrong key",
                        "a.txt",
                        SMALL,
                        401,
                        "not-authenticated",
                        List.of("Authorization", "Bearer sk_guessed"),
                        "not known",
                        "saga key NAME"),
                put(
                        "a key for something else",
                        "a.txt",
                        SMALL,
                        403,
                        "missing-scope",
                        List.of("Authorization", "Bearer " + read),
                        "reader",
                        "lacks the scope ingest"),
                // Without credentials the answer reveals nothing.
                path("no key, outside the roots", outside + "/secret.txt", 401, "not-authenticated", "no credentials"));
    }

    @ParameterizedTest
    @MethodSource("strangers")
    void a_wrong_or_missing_key_is_rejected_and_stores_nothing(Case bad) {
        assertRefused(bad, "");
    }

    @Test
    void the_answer_to_a_duplicate_names_its_saga() {
        assertThat(api.put("stored.txt", SMALL, "Authorization", "Bearer " + ingest)
                        .json()
                        .path("sagaId")
                        .asText())
                .isEqualTo(storedId);
    }

    @Test
    void keeps_nothing_of_a_truncated_body() throws Exception {
        Map<String, List<String>> before = saga.contents();
        for (String length : List.of("Content-Length: 100000", "Transfer-Encoding: chunked")) {
            try (Socket socket = api.socket()) {
                byte[] begun = length.startsWith("T") ? "c350\r\nhalf a chunk".getBytes() : new byte[50_000];
                ApiClient.write(
                        socket,
                        "PUT /api/documents/cut.bin HTTP/1.1\r\nAuthorization: Bearer " + ingest + "\r\n" + length,
                        begun);
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> !saga.contents().equals(before));
            }
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(saga.contents()).isEqualTo(before));
        }
    }

    /** These files get a saga, and its outcome is the answer. */
    @Test
    void a_file_that_the_saga_rejects_ends_with_a_reason_and_stores_nothing() throws IOException {
        Path large = Files.write(roots.resolve("large.bin"), new byte[MAX + 1]);
        Path twice = Files.write(roots.resolve("twice.txt"), "stored by its path\n".getBytes());
        assertThat(outcome(twice, "COMPLETED", "")).isEmpty();
        Map<String, List<String>> before = saga.contents();

        assertThat(outcome(large, "COMPENSATED", "FILE_TOO_LARGE"))
                .contains("large.bin has 1000001 bytes", "saga.file.max-size", "nothing was written")
                .doesNotContain(roots.toString());
        assertThat(outcome(twice, "COMPENSATED", "DUPLICATE"))
                .contains("twice.txt is already stored as document", "nothing was written")
                .doesNotContain(roots.toString());
        assertThat(saga.contents()).isEqualTo(before);
    }

    private String outcome(Path file, String status, String reason) {
        var outcome = api.post(
                        "/api/documents",
                        "{\"path\":\"" + file + "\"}",
                        "Authorization",
                        "Bearer " + ingest,
                        "Prefer",
                        "wait=100")
                .json();
        assertThat(outcome.path("status").asText()).as("%s", outcome).isEqualTo(status);
        assertThat(outcome.path("reason").asText("")).isEqualTo(reason);
        return outcome.path("message").asText("");
    }

    @Test
    void an_empty_file_is_a_document() throws IOException {
        Path empty = Files.createFile(roots.resolve("empty.txt"));
        outcome(empty, "COMPLETED", "");
    }
}
