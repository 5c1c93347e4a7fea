package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Digests that a request declares: each is checked, or the request is rejected and nothing is kept. */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BodyDigestsTest {
    private static final byte[] BODY =
            "The keeper of the lighthouse counts his gulls.".getBytes(StandardCharsets.UTF_8);
    private static final byte[] OTHER = "Somebody else counts them.".getBytes(StandardCharsets.UTF_8);

    private StreamingSagaFixture saga;
    private ApiClient api;
    private Path directory;

    @BeforeAll
    void start(@TempDir Path temporary) throws Exception {
        directory = temporary.toRealPath();
        saga = StreamingSagaFixture.start(
                directory, new HashMap<>(Map.of("saga.http.enabled", "true", "saga.http.roots", directory.toString())));
        api = new ApiClient(saga.application().address().orElseThrow());
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    private static String sha(int bits, byte[] of) {
        try {
            return "sha-" + bits + "=:"
                    + Base64.getEncoder()
                            .encodeToString(
                                    MessageDigest.getInstance("SHA-" + bits).digest(of)) + ":";
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<Path> spooled() throws IOException {
        try (Stream<Path> files = Files.list(saga.config().uploads())) {
            return files.toList();
        }
    }

    static Stream<List<String>> good() {
        return Stream.of(
                List.of("Repr-Digest", sha(256, BODY)),
                List.of("Repr-Digest", sha(512, BODY)),
                List.of("Content-Digest", sha(256, BODY)),
                List.of("Content-Digest", sha(512, BODY)),
                List.of("Repr-Digest", sha(256, BODY) + ", " + sha(512, BODY)),
                List.of(
                        "Content-Digest",
                        sha(512, BODY),
                        "Repr-Digest",
                        sha(256, BODY),
                        "Content-Encoding",
                        "identity"));
    }

    @ParameterizedTest
    @MethodSource("good")
    void accepts_a_body_that_matches_its_digests(List<String> headers) {
        List<String> all = new ArrayList<>(headers);
        all.addAll(List.of("Prefer", "wait=100"));
        Answer answer = api.put("good.txt", BODY, all.toArray(String[]::new));

        assertThat(answer.status()).as("%s", answer.json()).isEqualTo(200);
        assertThat(answer.json().path("status").asText()).isEqualTo("COMPLETED");
    }

    static Stream<List<String>> wrong() {
        return Stream.of(
                List.of("Repr-Digest", sha(256, OTHER)),
                List.of("Repr-Digest", sha(512, OTHER)),
                List.of("Content-Digest", sha(256, OTHER)),
                List.of("Content-Digest", sha(512, OTHER)),
                List.of("Repr-Digest", sha(256, BODY) + ", " + sha(512, OTHER)),
                List.of("Content-Digest", sha(256, OTHER), "Repr-Digest", sha(256, BODY)));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void rejects_a_body_that_does_not_match_its_digests(List<String> headers) throws Exception {
        assertRefused(headers, "wrong-digest", "nothing was kept");
    }

    static Stream<List<String>> notUnderstood() {
        return Stream.of(
                List.of("Repr-Digest", sha(256, BODY) + ", " + sha(256, OTHER)),
                List.of("Repr-Digest", sha(256, BODY), "Repr-Digest", sha(256, BODY)),
                List.of("Repr-Digest", "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:"),
                List.of("Content-Digest", "crc32c=:AAAAAA==:"),
                List.of("Content-Digest", sha(256, BODY) + ", unixsum=30637"),
                List.of("Repr-Digest", "sha-512=:AAAA:"),
                List.of("Repr-Digest", "sha-256=" + "0".repeat(64)),
                List.of("Repr-Digest", sha(256, BODY).toUpperCase(java.util.Locale.ROOT)),
                List.of("Repr-Digest", sha(256, BODY) + ","),
                List.of("Content-Digest", "nonsense"),
                List.of("Trailer", "Repr-Digest"),
                List.of("Digest", "sha-256=AAAA"),
                List.of("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="));
    }

    @ParameterizedTest
    @MethodSource("notUnderstood")
    void rejects_digests_that_it_cannot_check_and_names_those_it_supports(List<String> headers) throws Exception {
        Answer answer =
                assertRefused(headers, "bad-digest", "sha-256=:BASE64: of 32 bytes or sha-512=:BASE64: of 64 bytes");
        assertThat(answer.header("Want-Repr-Digest")).contains("sha-256", "sha-512");
    }

    private Answer assertRefused(List<String> headers, String type, String says) throws Exception {
        int before = saga.journal().sagas().newest(100).size();
        Answer answer = api.put("refused.txt", BODY, headers.toArray(String[]::new));

        assertThat(answer.status()).as("%s", answer.json()).isEqualTo(400);
        assertThat(answer.problem()).isEqualTo(type);
        assertThat(answer.json().path("detail").asText()).contains(says);
        assertThat(saga.journal().sagas().newest(100)).hasSize(before);
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(spooled()).isEmpty());
        return answer;
    }

    @Test
    void rejects_a_bad_digest_before_the_body_is_sent() throws Exception {
        try (Socket socket = api.socket()) {
            ApiClient.write(
                    socket,
                    "PUT /api/documents/large.bin HTTP/1.1\r\nRepr-Digest: md5=:AAAA:\r\nContent-Length: 5000000",
                    new byte[0]);
            assertThat(ApiClient.readAll(socket)).startsWith("HTTP/1.1 400").contains("bad-digest");
        }
    }

    @Test
    void checks_digests_of_json_bodies_too_and_rejects_a_content_coding() throws Exception {
        Path file = Files.write(directory.resolve("posted.txt"), BODY);
        String json = "{\"path\":\"" + file + "\"}";
        assertThat(api.post("/api/documents", json, "Content-Digest", sha(256, BODY))
                        .problem())
                .isEqualTo("wrong-digest");
        assertThat(api.post("/api/documents", json, "Content-Digest", "md5=:AAAA:")
                        .problem())
                .isEqualTo("bad-digest");
        Answer coded = api.post("/api/documents", json, "Content-Encoding", "gzip");
        assertThat(coded.status()).isEqualTo(415);
        assertThat(coded.header("Accept-Encoding")).isEqualTo("identity");
        assertThat(api.post("/api/documents", json, "Content-Digest", sha(512, json.getBytes(StandardCharsets.UTF_8)))
                        .status())
                .isEqualTo(202);
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.ValueSource(strings = {"gzip", "br", "identity, gzip", "aes128gcm"})
    void rejects_a_document_with_a_content_coding_whatever_its_digest(String coding) {
        Answer answer = api.put("coded.bin", BODY, "Content-Encoding", coding, "Content-Digest", sha(256, BODY));
        assertThat(answer.status()).isEqualTo(415);
        assertThat(answer.problem()).isEqualTo("encoded-body");
    }

    @Test
    void returns_a_document_with_its_digest() {
        String document = api.put("given.txt", BODY, "Prefer", "wait=100")
                .json()
                .path("documentId")
                .asText();
        assertThat(api.get("/api/documents/" + document + "/content").header("Repr-Digest"))
                .isEqualTo(sha(256, BODY));
        assertThat(api.get("/api/documents/" + document + "/content", "Range", "bytes=0-1")
                        .header("Repr-Digest"))
                .isEqualTo(sha(256, BODY));
    }
}
