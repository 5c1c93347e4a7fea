package dev.streamingsaga.api;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The API on a real server without keys, as on a developer's machine. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HttpApiTest {
    private static final int MAX = 12_000_000;

    private StreamingSagaFixture saga;
    private ApiClient api;
    private Path roots;
    private Path outside;
    private byte[] content;
    private JsonNode stored;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        roots = Files.createDirectories(directory.resolve("roots"));
        outside = Files.createDirectories(directory.resolve("outside"));
        Map<String, String> settings = new HashMap<>();
        settings.put("saga.http.enabled", "true");
        settings.put("saga.http.roots", roots.toString());
        settings.put("saga.file.max-size", Integer.toString(MAX));
        settings.put("saga.recovery.lease", "2s");
        settings.put("saga.node.name", "harbour");
        saga = StreamingSagaFixture.start(directory, settings);
        api = new ApiClient(saga.application().address().orElseThrow());
        content = Files.readAllBytes(saga.file("random.bin", StreamingSagaFixture.CHUNK + 1_000_000));
        Answer answer = api.put(
                "n%C3%A4me%20of%20mine.bin",
                content, "Prefer", "wait=100", "Repr-Digest", "sha-256=:" + base64(content) + ":");
        assertThat(answer.status()).as("%s", answer.json()).isEqualTo(200);
        stored = answer.json();
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    private static String base64(byte[] bytes) throws Exception {
        return Base64.getEncoder()
                .encodeToString(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private List<Path> spooled() throws IOException {
        try (Stream<Path> files = Files.list(saga.config().uploads())) {
            return files.toList();
        }
    }

    private void assertNothingLeft(int sagasBefore) throws IOException {
        assertThat(saga.journal().sagas().newest(1000)).hasSize(sagasBefore);
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(spooled()).isEmpty());
    }

    private String documentUrl() {
        return "/api/documents/" + stored.path("documentId").asText();
    }

    @Test
    void stores_a_body_and_answers_with_the_outcome_as_ingest_json_prints_it() throws Exception {
        assertThat(stored.path("status").asText()).isEqualTo("COMPLETED");
        assertThat(stored.path("file").asText()).isEqualTo("näme of mine.bin");
        assertThat(stored.path("stores").path("upload").asInt()).isEqualTo(2);
        JsonNode facts = api.get(documentUrl()).json();
        assertThat(facts.path("fileName").asText()).isEqualTo("näme of mine.bin");
        assertThat(facts.path("sizeBytes").asInt()).isEqualTo(content.length);
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(spooled()).isEmpty());
    }

    /** The saga is journaled and will be completed. After an error the client would send the document again. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CREATE TRIGGER refuse BEFORE UPDATE ON saga BEGIN SELECT RAISE(ABORT, 'refused on purpose'); END |"
                        + " DROP TRIGGER refuse",
                "ALTER TABLE saga RENAME TO away | ALTER TABLE away RENAME TO saga"
            })
    void answers_202_if_the_journal_cannot_record_the_outcome(String breaks, String repairs) {
        AtomicBoolean broken = new AtomicBoolean();
        saga.s3().when(method("PUT").and(keyEndsWith("manifest.json"))).beforeForward(() -> {
            saga.execute("journal", breaks);
            broken.set(true);
        });
        Answer answer;
        try {
            answer = api.put("unrecorded.txt", text("a gull that nobody counts, " + repairs), "Prefer", "wait=100");
        } finally {
            if (broken.get()) {
                saga.execute("journal", repairs);
            }
        }

        assertThat(broken).isTrue();
        assertThat(answer.status()).as("%s", answer.json()).isEqualTo(202);
        JsonNode outcome = api.get(answer.header("Location") + "/outcome", "Prefer", "wait=100")
                .json();
        assertThat(outcome.path("status").asText()).as("%s", outcome).isIn("COMPLETED", "COMPENSATED");
    }

    @Test
    void answers_202_with_the_saga_and_later_with_its_outcome() {
        Answer answer = api.put("later.txt", text("the keeper of the lighthouse counts his gulls"));

        assertThat(answer.status()).isEqualTo(202);
        String saga = answer.header("Location");
        assertThat(saga).isEqualTo("/api/sagas/" + answer.json().path("sagaId").asText());
        JsonNode outcome = api.get(saga + "/outcome", "Prefer", "wait=100").json();
        assertThat(outcome.path("status").asText()).as("%s", outcome).isEqualTo("COMPLETED");
        JsonNode detail = api.get(saga).json();
        assertThat(detail.path("saga").path("bytesSent").asLong())
                .isEqualTo(outcome.path("sizeBytes").asLong());
        assertThat(detail.path("chunks").path("map").asText()).isEqualTo("v");
        assertThat(detail.path("steps")).hasSize(9);
        assertThat(counts(detail, "expected"))
                .isEqualTo(Map.of("upload", 1L, "security", 1L, "vector", 1L, "graph", 3L, "relational", 1L));
        assertThat(counts(detail, "found")).isEqualTo(counts(detail, "expected"));
        assertThat(api.get("/api/search?q=lighthouse+gulls").json().path("hits"))
                .isNotEmpty();
    }

    @Test
    void search_by_meaning_finds_what_is_near_and_marks_what_is_no_good_match() {
        api.put(
                "invoice.txt",
                text("Please pay for the twelve wooden chairs that we have delivered within thirty days."),
                "Prefer",
                "wait=100");

        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(api.get("/api/search?q=bill+for+furniture")
                                .json()
                                .at("/hits/0/fileName"))
                        .hasToString("\"invoice.txt\""));
        assertThat(api.get("/api/search?q=bill+for+furniture").json().findValuesAsText("weak"))
                .containsOnly("false");
        assertThat(api.get("/api/search?q=blorptastic").json().findValuesAsText("weak"))
                .hasSizeBetween(1, 3)
                .containsOnly("true");
        JsonNode found = api.get("/api/search?q=chairs&limit=1").json();
        assertThat(found.at("/hits/0/how").asText()).contains("words");
        assertThat(found.at("/hits/0/text")
                        .asText()
                        .substring(
                                found.at("/hits/0/highlights/0/start").asInt(),
                                found.at("/hits/0/highlights/0/end").asInt()))
                .isEqualTo("chairs");
        assertThat(found.at("/total").asInt()).isPositive();
        assertThat(api.get("/api/search?q=chairs&offset=" + found.at("/total").asInt())
                        .json()
                        .at("/hits"))
                .isEmpty();
        assertThat(api.get("/api/search?q=chairs+file%3A*.pdf").json().at("/hits"))
                .isEmpty();
        assertThat(api.get("/api/search?q=chairs+after%3Amonday")
                        .json()
                        .at("/detail")
                        .asText())
                .contains("needs a date such as 2026-11-30");
    }

    @Test
    void names_the_node_of_a_running_saga_only() {
        CountDownLatch held = new CountDownLatch(1);
        saga.s3().when(method("PUT").and(keyEndsWith("manifest.json"))).delay(held);
        String url = api.put("with-a-node.txt", text("a gull on a node")).header("Location");
        String id = url.substring(url.lastIndexOf('/') + 1);

        String node = api.get(url).json().at("/saga/node").asText();
        JsonNode listed = api.get("/api/sagas?limit=1").json().at("/sagas/0");
        held.countDown();
        JsonNode outcome = api.get(url + "/outcome", "Prefer", "wait=100").json();

        assertThat(node)
                .startsWith("harbour-")
                .isEqualTo(saga.journal().sagas().find(id).orElseThrow().node());
        assertThat(listed.path("sagaId").asText()).isEqualTo(id);
        assertThat(listed.path("node").asText()).isEqualTo(node);
        assertThat(outcome.path("status").asText()).isEqualTo("COMPLETED");
        assertThat(api.get(url).json().at("/saga/node").isNull()).isTrue();
    }

    private static Map<String, Long> counts(JsonNode detail, String which) {
        Map<String, Long> counts = new HashMap<>();
        detail.path("steps").forEach(step -> {
            if (step.hasNonNull(which)) {
                counts.put(step.path("name").asText(), step.path(which).asLong());
            }
        });
        return counts;
    }

    @Test
    void answers_a_duplicate_with_the_stored_document() throws Exception {
        int before = saga.journal().sagas().newest(1000).size();
        Answer again = api.put("n%C3%A4me%20of%20mine.bin", content);

        assertThat(again.status()).isEqualTo(200);
        assertThat(again.json().path("sagaId")).isEqualTo(stored.path("sagaId"));
        assertNothingLeft(before);
    }

    @Test
    void rejects_a_body_that_does_not_match_its_digest_and_keeps_nothing() throws Exception {
        int before = saga.journal().sagas().newest(1000).size();
        Answer answer = api.put("wrong.bin", content, "Repr-Digest", "sha-256=:" + base64(text("other")) + ":");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.problem()).isEqualTo("wrong-digest");
        assertThat(api.put("wrong.bin", content, "Repr-Digest", "sha-256=:zzz:").problem())
                .isEqualTo("bad-digest");
        assertNothingLeft(before);
    }

    @Test
    void keeps_nothing_of_an_incomplete_body() throws Exception {
        int before = saga.journal().sagas().newest(1000).size();
        try (Socket socket = api.socket()) {
            ApiClient.write(
                    socket, "PUT /api/documents/cut.bin HTTP/1.1\r\nContent-Length: 1000000", new byte[500_000]);
            await().atMost(Duration.ofSeconds(30)).until(() -> !spooled().isEmpty());
        }
        assertNothingLeft(before);
        try (Socket socket = api.socket()) {
            ApiClient.write(
                    socket, "PUT /api/documents/cut.bin HTTP/1.1\r\nContent-Length: 1000000", new byte[500_000]);
            socket.shutdownOutput();
            String answer = ApiClient.readAll(socket);
            assertThat(answer).matches(a -> a.isEmpty() || a.startsWith("HTTP/1.1 400"));
        }
        assertNothingLeft(before);
    }

    @Test
    void rejects_a_body_that_is_too_large_before_it_is_sent() throws Exception {
        int before = saga.journal().sagas().newest(1000).size();
        try (Socket socket = api.socket()) {
            ApiClient.write(
                    socket, "PUT /api/documents/large.bin HTTP/1.1\r\nContent-Length: 99999999999", new byte[0]);
            assertThat(ApiClient.readAll(socket)).startsWith("HTTP/1.1 413").contains("saga.file.max-size");
        }
        try (Socket socket = api.socket()) {
            ApiClient.write(
                    socket,
                    "PUT /api/documents/large.bin HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 99999999999",
                    new byte[0]);
            assertThat(ApiClient.readAll(socket)).startsWith("HTTP/1.1 413");
        }
        Answer chunked = api.send(
                "PUT",
                "/api/documents/large.bin",
                BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(new byte[MAX + 1])));
        assertThat(chunked.status()).isEqualTo(413);
        assertNothingLeft(before);
    }

    @Test
    void sends_100_continue_only_if_it_accepts_the_body() throws Exception {
        try (Socket socket = api.socket()) {
            ApiClient.write(
                    socket,
                    "PUT /api/documents/small.bin HTTP/1.1\r\nConnection: close\r\nExpect: 100-continue\r\nPrefer:"
                            + " wait=100\r\nContent-Length: 5",
                    new byte[0]);
            assertThat(ApiClient.readUntil(socket.getInputStream(), "\r\n\r\n")).startsWith("HTTP/1.1 100");
            socket.getOutputStream().write(text("gulls"));
            assertThat(ApiClient.readUntil(socket.getInputStream(), "\"status\":\"COMPLETED\""))
                    .startsWith("HTTP/1.1 200");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"..%2Fescape", "a%2Fb", "%2e%2e", "a%5Cb", "a%0Ab", "%FF", "%zz", "%20", "a%E2%80%AEb"})
    void rejects_invalid_names(String name) throws Exception {
        int before = saga.journal().sagas().newest(1000).size();
        try (Socket socket = api.socket()) {
            ApiClient.write(
                    socket,
                    "PUT /api/documents/" + name + " HTTP/1.1\r\nConnection: close\r\nContent-Length: 1",
                    new byte[1]);
            assertThat(ApiClient.readAll(socket))
                    .matches(a -> a.startsWith("HTTP/1.1 400") || a.startsWith("HTTP/1.1 404"));
        }
        assertNothingLeft(before);
    }

    @Test
    void rejects_encoded_and_partial_bodies() {
        assertThat(api.put("a.gz", content, "Content-Encoding", "gzip").status())
                .isEqualTo(415);
        assertThat(api.put("a.bin", content, "Content-Range", "bytes 0-1/5").status())
                .isEqualTo(400);
    }

    @Test
    void stores_an_empty_body_as_an_empty_document() {
        Answer answer = api.put("empty.txt", new byte[0], "Prefer", "wait=100");

        assertThat(answer.status()).as("%s", answer.json()).isEqualTo(200);
        assertThat(answer.json().path("sizeBytes").asInt()).isZero();
        Answer back =
                api.get("/api/documents/" + answer.json().path("documentId").asText() + "/content");
        assertThat(back.status()).isEqualTo(200);
        assertThat(back.response().body()).isEmpty();
    }

    @Test
    void no_header_and_no_parameter_reaches_camel_or_the_saga() throws Exception {
        try (ServerSocket evil = new ServerSocket(0)) {
            String url = "http://127.0.0.1:" + evil.getLocalPort() + "/lra";
            Answer answer = api.put(
                    "headers.txt",
                    text("the keeper and his headers"),
                    "Prefer",
                    "wait=100",
                    "Long-Running-Action",
                    url,
                    "CamelHttpUri",
                    url,
                    "CAMELawss3key",
                    "stolen",
                    "CamelFileName",
                    "../../x");

            assertThat(answer.json().path("status").asText()).isEqualTo("COMPLETED");
            assertThat(answer.response().headers().map().keySet())
                    .noneMatch(h -> h.toLowerCase(java.util.Locale.ROOT).startsWith("camel"));
            evil.setSoTimeout(1);
            assertThatThrownBy(evil::accept).isInstanceOf(java.net.SocketTimeoutException.class);
            assertThat(saga.keys()).noneMatch(key -> key.contains("stolen"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "bytes=0-0,0,1",
        "bytes=100-5242979,100,5242880",
        "bytes=5242880-,5242880,1000000",
        "bytes=-10,6242870,10",
        "bytes=5242870-5242889,5242870,20",
        "bytes=6242879-9999999,6242879,1"
    })
    void returns_one_range(String range, int from, int length) {
        Answer answer = api.get(documentUrl() + "/content", "Range", range);

        assertThat(answer.status()).isEqualTo(206);
        assertThat(answer.header("Content-Range"))
                .isEqualTo("bytes " + from + "-" + (from + length - 1) + "/" + content.length);
        assertThat(answer.response().body()).isEqualTo(Arrays.copyOfRange(content, from, from + length));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=0-1,5-6", "bytes=5-2", "lines=1-2", "bytes=x-y"})
    void returns_everything_for_an_unsupported_range(String range) {
        Answer answer = api.get(documentUrl() + "/content", "Range", range);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.response().body()).isEqualTo(content);
    }

    @Test
    void answers_416_for_a_range_after_the_end_and_304_if_nothing_changed() {
        Answer behind = api.get(documentUrl() + "/content", "Range", "bytes=" + content.length + "-");
        assertThat(behind.status()).isEqualTo(416);
        assertThat(behind.header("Content-Range")).isEqualTo("bytes */" + content.length);
        String tag = api.get(documentUrl() + "/content", "Range", "bytes=0-0").header("ETag");
        assertThat(tag).isEqualTo("\"" + stored.path("sha256").asText() + "\"");
        assertThat(api.get(documentUrl() + "/content", "If-None-Match", tag).status())
                .isEqualTo(304);
        assertThat(api.get(documentUrl() + "/content", "If-Range", "\"other\"", "Range", "bytes=0-0")
                        .status())
                .isEqualTo(200);
        Answer head = api.send("HEAD", documentUrl() + "/content", BodyPublishers.noBody());
        assertThat(head.header("Content-Length")).isEqualTo(Integer.toString(content.length));
        assertThat(api.get("/api/documents/nothing/content").status()).isEqualTo(404);
    }

    @Test
    void closes_the_connection_instead_of_delivering_a_damaged_chunk() {
        byte[] mine = Arrays.copyOf(content, StreamingSagaFixture.CHUNK + 10);
        mine[0] ^= 1;
        JsonNode document = api.put("damaged.bin", mine, "Prefer", "wait=100").json();
        String url = "/api/documents/" + document.path("documentId").asText() + "/content";
        String prefix = document.path("documentId").asText() + "/"
                + document.path("sagaId").asText() + "/chunk-00000";
        byte[] damaged = Arrays.copyOf(mine, StreamingSagaFixture.CHUNK);
        damaged[77] ^= 1;
        saga.put(
                saga.keys().stream()
                        .filter(key -> key.endsWith(prefix + "0"))
                        .findFirst()
                        .orElseThrow(),
                damaged);

        assertThatThrownBy(() -> api.get(url)).isInstanceOf(UncheckedIOException.class);
        assertThatThrownBy(() -> api.get(url, "Range", "bytes=0-5242879")).isInstanceOf(UncheckedIOException.class);
        assertThat(api.get(url, "Range", "bytes=5242870-5242879").problem()).isEqualTo("content-damaged");
        assertThat(api.get(url, "Range", "bytes=5242880-5242889").response().body())
                .hasSize(10);

        saga.put(
                saga.keys().stream()
                        .filter(key -> key.endsWith(prefix + "1"))
                        .findFirst()
                        .orElseThrow(),
                new byte[10]);
        Answer small = api.get(url, "Range", "bytes=5242880-5242889");
        assertThat(small.status()).isEqualTo(502);
        assertThat(small.problem()).isEqualTo("content-damaged");
    }

    @Test
    void stores_files_inside_the_roots() throws Exception {
        Path file = Files.writeString(roots.resolve("inside.txt"), "the keeper inside the roots");
        Answer answer = api.post("/api/documents", "{\"path\":\"" + file + "\"}", "Prefer", "wait=100");

        assertThat(answer.json().path("status").asText())
                .as("%s", answer.json())
                .isEqualTo("COMPLETED");
        assertThat(answer.json().path("file").asText()).isEqualTo(file.toString());
        assertThat(file).exists();
    }

    @Test
    void rejects_paths_outside_the_roots() throws Exception {
        int before = saga.journal().sagas().newest(1000).size();
        Path secret = Files.writeString(outside.resolve("secret.txt"), "secret");
        Path link = Files.createSymbolicLink(roots.resolve("link.txt"), secret);
        Path folder = Files.createDirectories(roots.resolve("folder"));
        Path device = Files.createSymbolicLink(roots.resolve("device"), Path.of("/dev/zero"));
        Path fifo = roots.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor())
                .isZero();

        assertThat(path(secret.toString()).status()).isEqualTo(403);
        assertThat(path(outside.resolve("not-there").toString()).status()).isEqualTo(403);
        assertThat(path(roots + "/../outside/secret.txt").status()).isEqualTo(403);
        assertThat(path(link.toString()).status()).isEqualTo(403);
        assertThat(path(device.toString()).status()).isEqualTo(403);
        assertThat(path(folder.toString()).status()).isEqualTo(400);
        assertThat(path(fifo.toString()).status()).isEqualTo(400);
        assertThat(path(roots.resolve("gone").toString()).status()).isEqualTo(404);
        assertThat(path("relative.txt").status()).isEqualTo(400);
        assertThat(path("/a\\u0000b").status()).isEqualTo(400);
        assertNothingLeft(before);
    }

    private Answer path(String path) {
        return api.post("/api/documents", "{\"path\":\"" + path + "\"}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"path\":\"/x\",\"mode\":1}",
                "{\"path\":\"/x\"}{}",
                "[",
                "null",
                "{}",
                "{\"path\":\"/x\",\"path\":\"/y\"}",
                "\"/x\""
            })
    void rejects_unknown_json(String body) {
        Answer answer = api.post("/api/documents", body);

        assertThat(answer.status()).as("%s", answer.json()).isEqualTo(400);
        assertThat(answer.problem()).isEqualTo("bad-json");
    }

    @Test
    void rejects_other_media_types_and_large_json() {
        assertThat(api.send(
                                "POST",
                                "/api/documents",
                                BodyPublishers.ofString("path=x"),
                                "Content-Type",
                                "application/x-www-form-urlencoded")
                        .status())
                .isEqualTo(415);
        assertThat(api.post("/api/documents", "{\"path\":\"" + "x".repeat(70_000) + "\"}")
                        .status())
                .isEqualTo(413);
    }

    @Test
    void rejects_unknown_paths_methods_and_parameters() {
        assertThat(api.get("/api/nothing").status()).isEqualTo(404);
        assertThat(api.get("/api/sagas/01unknown").status()).isEqualTo(404);
        Answer wrong = api.send("DELETE", "/api/sagas", BodyPublishers.noBody());
        assertThat(wrong.status()).isEqualTo(405);
        assertThat(wrong.header("Allow")).isEqualTo("GET, HEAD");
        assertThat(api.get("/api/sagas?stat=COMPLETED").status()).isEqualTo(400);
        assertThat(api.get("/api/sagas?state=DONE").status()).isEqualTo(400);
        assertThat(api.get("/api/sagas?limit=0").status()).isEqualTo(400);
        assertThat(api.post("/api/sagas/" + stored.path("sagaId").asText() + "/cancel", "")
                        .status())
                .isEqualTo(409);
        assertThat(api.post("/api/cleanups/nothing/retry", "").status()).isEqualTo(404);
    }

    @Test
    void lists_sagas_newest_first_by_state_and_page_by_page() {
        api.put("first.txt", text("first of two"), "Prefer", "wait=100");
        api.put("second.txt", text("second of two"), "Prefer", "wait=100");
        JsonNode newest = api.get("/api/sagas?state=COMPLETED&limit=1").json().path("sagas");
        assertThat(newest).hasSize(1);
        JsonNode older = api.get("/api/sagas?state=COMPLETED,COMPENSATED&limit=1&before="
                        + newest.get(0).path("sagaId").asText())
                .json()
                .path("sagas");
        assertThat(older.get(0).path("sagaId").asText())
                .isLessThan(newest.get(0).path("sagaId").asText());
        assertThat(api.get("/api/sagas?state=PAUSED").json().path("sagas")).isEmpty();
        assertThat(api.get("/api/sagas?before=a&after=b").status()).isEqualTo(400);
        assertThat(api.get("/api/sagas?q=" + "x".repeat(201)).status()).isEqualTo(400);
        assertThat(api.get("/api/sagas?attention=yes").status()).isEqualTo(400);
    }

    @Test
    void the_link_header_leads_through_all_pages_of_a_query() {
        for (String name : List.of("\u00c4pfel one.txt", "\u00e4pfel two.txt", "birnen three.txt")) {
            assertThat(api.put(
                                    java.net.URLEncoder.encode(name, StandardCharsets.UTF_8)
                                            .replace("+", "%20"),
                                    text("fruit of " + name),
                                    "Prefer",
                                    "wait=100")
                            .status())
                    .isEqualTo(200);
        }
        assertThat(names("?q=%C3%84PFEL&limit=1")).containsExactly("\u00e4pfel two.txt", "\u00c4pfel one.txt");
        assertThat(names("?state=COMPLETED&after=&limit=2&q=e.txt")).endsWith("\u00c4pfel one.txt", "birnen three.txt");
        List<String> all = names("?limit=1000");
        assertThat(names("?limit=2")).isEqualTo(all);
        assertThat(names("?attention=true&state=COMPLETED")).isEmpty();
        JsonNode counts = api.get("/api/counts").json();
        assertThat(counts.path("all").asInt()).isEqualTo(all.size());
        assertThat(counts.path("sagas").size()).isEqualTo(SagaState.values().length);
        assertThat(counts.path("sagas").path("COMPLETED").asInt())
                .isEqualTo(names("?state=COMPLETED").size());
        assertThat(counts.path("attention").asInt())
                .isEqualTo(names("?attention=true").size());
    }

    @Test
    void filters_by_name_owner_reason_and_time_and_counts_what_it_filters() {
        api.put("filter%20one.txt", text("sieve one"), "Prefer", "wait=100");
        JsonNode second = api.put("filter%20two.txt", text("sieve two"), "Prefer", "wait=100")
                .json();
        JsonNode two =
                api.get("/api/sagas/" + second.path("sagaId").asText()).json().path("saga");
        String owner = two.path("owner").asText();
        String received = two.path("receivedAt").asText();

        assertThat(names("?name=FILTER*.txt&limit=1")).containsExactly("filter two.txt", "filter one.txt");
        assertThat(names("?name=FILTER%20two.txt")).isEmpty();
        assertThat(names("?name=filter%20two.txt&owner=" + owner)).containsExactly("filter two.txt");
        assertThat(names("?name=filter*&before=" + received)).containsExactly("filter one.txt");
        assertThat(names("?name=filter*&after=" + received + "&before=2999-01-01"))
                .containsExactly("filter two.txt");
        assertThat(names("?name=filter*&reason=HASH_MISMATCH")).isEmpty();
        JsonNode counts = api.get("/api/counts?name=filter*").json();
        assertThat(counts.path("all").asInt()).isEqualTo(2);
        assertThat(counts.path("complete").asBoolean()).isTrue();
        assertThat(counts.path("sagas").path("COMPLETED").asInt()).isEqualTo(2);
        assertThat(api.get("/api/counts?owner=nobody").json().path("all").asInt())
                .isZero();
        for (String wrong :
                List.of("before=Yesterday", "after=2026-13-01", "reason=BAD", "cursor=A", "owner=" + "x".repeat(201))) {
            assertThat(api.get("/api/sagas?" + wrong).problem()).as(wrong).isEqualTo("bad-parameter");
        }
        JsonNode hours = api.get("/api/statistics?hours=2").json().path("hours");
        assertThat(hours).hasSize(2);
        assertThat(hours.get(0).path("completed").asInt()
                        + hours.get(1).path("completed").asInt())
                .isPositive();
        assertThat(api.get("/api/statistics?hours=169").status()).isEqualTo(400);
    }

    @Test
    void cancels_all_sagas_and_closes_all_cleanups_that_a_query_selects() throws Exception {
        CountDownLatch held = new CountDownLatch(1);
        List<String> ids = new ArrayList<>();
        try {
            saga.s3()
                    .when(method("PUT").and(keyEndsWith("manifest.json")))
                    .always()
                    .delay(held);
            for (int i = 0; i < 2; i++) {
                ids.add(api.put("bulk-" + i + ".txt", text("one of many, " + i))
                        .json()
                        .path("sagaId")
                        .asText());
            }
            JsonNode preview = api.post("/api/bulk/sagas?name=bulk-*", "{\"action\":\"cancel\",\"dryRun\":true}")
                    .json();
            assertThat(preview.path("requested").asInt()).isEqualTo(2);
            assertThat(api.post("/api/bulk/sagas?name=bulk-*", "{\"action\":\"resume\",\"dryRun\":true}")
                            .json()
                            .path("requested")
                            .asInt())
                    .as("running sagas cannot be resumed")
                    .isZero();
            assertThat(api.post("/api/bulk/sagas?name=bulk-*", "{\"action\":\"stop\"}")
                            .problem())
                    .isEqualTo("bad-parameter");
            Answer limited = api.post("/api/bulk/sagas?name=bulk-*", "{\"action\":\"cancel\",\"limit\":1}");
            assertThat(limited.status()).isEqualTo(202);
            assertThat(limited.json().path("more").asBoolean()).isTrue();
            assertThat(api.post("/api/bulk/sagas?name=bulk-*", "{\"action\":\"cancel\"}")
                            .status())
                    .isEqualTo(202);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> names("?name=bulk-*&reason=CANCELLED").size() == 2);
        } finally {
            held.countDown();
            saga.s3().clearRules();
        }
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(names("?name=bulk-*&state=COMPENSATED&reason=CANCELLED"))
                        .hasSize(2));

        saga.execute(
                "journal",
                "INSERT INTO cleanup (cleanup_id, saga_id, step, resource, state, attempts, last_error,"
                        + " next_attempt_at, created_at) SELECT 'bulk' || state || reason || n, saga_id, 'graph', n,"
                        + " 'BLOCKED', 9, 'refused', 0, 0 FROM saga, (SELECT 'a' AS n UNION SELECT 'b' UNION SELECT 'c')"
                        + " WHERE saga_id = '" + ids.get(0) + "'");
        JsonNode page =
                api.get("/api/cleanups?status=BLOCKED&step=graph&limit=2").json();
        assertThat(page.path("count").asInt()).isEqualTo(3);
        assertThat(page.path("cleanups")).hasSize(2);
        assertThat(api.post("/api/bulk/cleanups?status=DONE", "{\"action\":\"retry\"}")
                        .problem())
                .isEqualTo("bad-parameter");
        assertThat(api.post("/api/bulk/cleanups?step=graph", "{\"action\":\"resolve\"}")
                        .problem())
                .as("without a reason")
                .isEqualTo("bad-json");
        JsonNode closed = api.post(
                        "/api/bulk/cleanups?status=BLOCKED&step=graph",
                        "{\"action\":\"resolve\",\"reason\":\"removed by hand\"}")
                .json();
        assertThat(closed.path("requested").asInt()).isEqualTo(3);
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(saga.journal().cleanups().of(ids.get(0)))
                        .hasSize(3)
                        .allMatch(entry -> entry.resolution().equals("removed by hand")));
    }

    private List<String> names(String query) {
        List<String> names = new ArrayList<>();
        String next = query;
        while (!next.isEmpty()) {
            Answer page = api.get("/api/sagas" + next);
            assertThat(page.status()).isEqualTo(200);
            page.json()
                    .path("sagas")
                    .forEach(saga -> names.add(saga.path("file").asText()));
            String link = page.header("Link");
            next = link.isEmpty() ? "" : link.substring(1, link.indexOf('>'));
        }
        return names;
    }

    @Test
    void rejects_requests_from_a_page_of_another_site() throws Exception {
        String cancel = "/api/sagas/" + stored.path("sagaId").asText() + "/cancel";
        assertThat(api.post(cancel, "", "Origin", "http://evil.example").problem())
                .isEqualTo("foreign-origin");
        assertThat(api.post(cancel, "", "Origin", "null").problem()).isEqualTo("foreign-origin");
        assertThat(api.get("/api/sagas", "Sec-Fetch-Site", "cross-site").status())
                .isEqualTo(403);
        String own = saga.application().address().orElseThrow().toString().replaceAll("/$", "");
        assertThat(api.post(cancel, "", "Origin", own).status()).isEqualTo(409);
        try (Socket socket = api.socket()) {
            socket.getOutputStream()
                    .write(text("GET /api/sagas HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"));
            assertThat(ApiClient.readUntil(socket.getInputStream(), "}"))
                    .startsWith("HTTP/1.1 403")
                    .contains("foreign-host");
        }
    }

    @Test
    void a_link_on_another_site_can_open_the_page_and_nothing_else() {
        String[] followed = {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"
        };
        for (String file : List.of("/", "/page.js", "/page.css", "/icon.svg")) {
            assertThat(api.get(file, followed).status()).as(file).isEqualTo(200);
        }
        for (String data : List.of(
                "/api/sagas",
                "/api/events",
                "/api/openapi.json",
                documentUrl(),
                documentUrl() + "/content",
                "/observe/health",
                "/observe/metrics")) {
            assertThat(api.get(data, followed).problem()).as(data).isEqualTo("foreign-origin");
        }
        assertThat(api.send("POST", "/", BodyPublishers.noBody(), followed).status())
                .isEqualTo(403);
        assertThat(api.get(
                                "/",
                                "Sec-Fetch-Site",
                                "cross-site",
                                "Sec-Fetch-Mode",
                                "navigate",
                                "Sec-Fetch-Dest",
                                "iframe")
                        .status())
                .as("in a frame")
                .isEqualTo(403);
        assertThat(api.get(
                                "/page.js",
                                "Sec-Fetch-Site",
                                "cross-site",
                                "Sec-Fetch-Mode",
                                "no-cors",
                                "Sec-Fetch-Dest",
                                "script")
                        .status())
                .isEqualTo(403);
    }

    @Test
    void sends_each_change_to_listeners_and_ends_when_they_disconnect() throws Exception {
        try (BufferedReader events = new BufferedReader(
                new InputStreamReader(api.stream("/api/events").body(), StandardCharsets.UTF_8))) {
            String sagaId = api.put("live.txt", text("the keeper lives"), "Prefer", "wait=100")
                    .json()
                    .path("sagaId")
                    .asText();
            List<String> seen = new ArrayList<>();
            for (String line = events.readLine(); line != null; line = events.readLine()) {
                seen.add(line);
                if (line.contains(sagaId) && line.contains("\"COMPLETED\"")) {
                    break;
                }
            }
            assertThat(seen).contains("event: saga", "event: cleanups").anyMatch(line -> line.startsWith("id: "));
        }
    }

    @Test
    void serves_the_page_with_a_strict_policy() {
        Answer page = api.get("/");

        assertThat(page.status()).isEqualTo(200);
        assertThat(page.header("Content-Type")).startsWith("text/html");
        assertThat(page.header("Content-Security-Policy")).contains("default-src 'self'");
        assertThat(page.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(api.get("/api/sagas").header("Cache-Control")).isEqualTo("no-store");
    }

    @Test
    void the_api_description_matches_the_answers() {
        JsonNode description = api.get("/api/openapi.json").json();
        description
                .findValuesAsText("$ref")
                .forEach(ref -> assertThat(description.at(ref.substring(1)).isMissingNode())
                        .as(ref)
                        .isFalse());
        Set<String> fields = new TreeSet<>();
        description.at("/components/schemas/Saga/properties").fieldNames().forEachRemaining(fields::add);
        Set<String> real = new TreeSet<>();
        api.get("/api/sagas?limit=1").json().path("sagas").get(0).fieldNames().forEachRemaining(real::add);
        assertThat(fields).isEqualTo(real);
    }
}
