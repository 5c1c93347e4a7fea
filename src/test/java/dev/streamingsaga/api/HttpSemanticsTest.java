package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Ranges, conditions and errors as RFC 9110 defines them, with clients that misbehave. */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
class HttpSemanticsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int LARGE = 30_000_000;

    private StreamingSagaFixture saga;
    private ApiClient api;
    private JsonNode stored;
    private String content;
    private String tag;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        Map<String, String> settings =
                new HashMap<>(Map.of("saga.http.enabled", "true", "saga.http.idle-timeout", "2s"));
        saga = StreamingSagaFixture.start(directory, settings);
        api = new ApiClient(saga.application().address().orElseThrow());
        Answer answer = api.put("large.bin", Files.readAllBytes(saga.file("large.bin", LARGE)), "Prefer", "wait=100");
        assertThat(answer.status()).as("%s", answer.json()).isEqualTo(200);
        stored = answer.json();
        content = "/api/documents/" + stored.path("documentId").asText() + "/content";
        tag = "\"" + stored.path("sha256").asText() + "\"";
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    private Answer head(String... headers) {
        return api.send("HEAD", content, BodyPublishers.noBody(), headers);
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bytes=0-9 | 206 | 0-9",
                "Bytes=5-5 | 206 | 5-5",
                "BYTES = -10 | 206 | 29999990-29999999",
                "bytes=29999990-99999999999999999999999 | 206 | 29999990-29999999",
                "bytes=-99999999999999999999999 | 206 | 0-29999999",
                "bytes=30000000- | 416 | *",
                "bytes=99999999999999999999999- | 416 | *",
                "bytes=-0 | 416 | *",
                "lines=0-9 | 200 | ''"
            })
    void head_and_get_answer_a_range_with_the_same_headers(String range, int status, String part) {
        Answer head = head("Range", range);
        assertThat(head.status()).isEqualTo(status);
        assertThat(head.response().body()).isEmpty();
        assertThat(head.header("Content-Range")).isEqualTo(part.isEmpty() ? "" : "bytes " + part + "/" + LARGE);
        Answer get = api.get(content, "Range", range);
        assertThat(get.status()).isEqualTo(status);
        assertThat(headers(head)).isEqualTo(headers(get));
        assertThat(get.header("Content-Length"))
                .isEqualTo(Integer.toString(get.response().body().length));
    }

    private static Map<String, List<String>> headers(Answer answer) {
        Map<String, List<String>> headers =
                new HashMap<>(answer.response().headers().map());
        headers.remove("connection");
        return headers;
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD"})
    void evaluates_conditions_by_the_sha_256(String method) {
        assertThat(condition(method, "If-None-Match", tag).status()).isEqualTo(304);
        assertThat(condition(method, "If-None-Match", "\"other\", W/" + tag).status())
                .as("compared weakly")
                .isEqualTo(304);
        assertThat(condition(method, "If-None-Match", "*").status()).isEqualTo(304);
        assertThat(condition(method, "If-None-Match", "\"x" + tag.substring(1)).status())
                .isEqualTo(200);
        assertThat(condition(method, "If-Match", tag).status()).isEqualTo(200);
        assertThat(condition(method, "If-Match", "\"a,b\", " + tag).status()).isEqualTo(200);
        assertThat(condition(method, "If-Match", "*").status()).isEqualTo(200);
        Answer other = condition(method, "If-Match", "\"other\"");
        assertThat(other.status()).isEqualTo(412);
        assertThat(other.header("ETag")).isEqualTo(tag);
        assertThat(condition(method, "If-Match", "W/" + tag).status())
                .as("compared strongly")
                .isEqualTo(412);
        assertThat(condition(method, "If-Match", "nonsense").status()).isEqualTo(400);
        assertThat(condition(method, "If-None-Match", tag + " " + tag).status()).isEqualTo(400);
        assertThat(condition(method, "If-Match", "\"other\"", "If-None-Match", tag)
                        .status())
                .as("If-Match comes first")
                .isEqualTo(412);
        assertThat(condition(method, "If-Range", tag, "Range", "bytes=0-0").status())
                .isEqualTo(206);
        assertThat(condition(method, "If-Range", "W/" + tag, "Range", "bytes=0-0")
                        .status())
                .isEqualTo(200);
        assertThat(condition(method, "If-Range", "Mon, 30 Nov 2026 08:00:00 GMT", "Range", "bytes=0-0")
                        .status())
                .isEqualTo(200);
        assertThat(condition(method, "If-Range", "\"other\"", "Range", "bytes=99999999-")
                        .status())
                .isEqualTo(200);
    }

    private Answer condition(String method, String... headers) {
        return api.send(method, content, BodyPublishers.noBody(), headers);
    }

    @Test
    void a_conditional_put_never_replaces_or_duplicates_a_concurrent_document() throws Exception {
        assertThat(api.put("cond.txt", text("none yet"), "If-Match", "*").problem())
                .isEqualTo("precondition-failed");
        Answer first = api.put("cond.txt", text("first"), "If-None-Match", "*", "Prefer", "wait=100");
        assertThat(first.status()).as("%s", first.json()).isEqualTo(200);
        int before = saga.journal().sagas().newest(1000).size();
        assertThat(api.put("cond.txt", text("second"), "If-None-Match", "*", "Prefer", "wait=100")
                        .status())
                .isEqualTo(412);
        assertThat(api.put("cond.txt", text("first"), "If-None-Match", first.header("ETag"))
                        .status())
                .isEqualTo(412);
        assertThat(api.put("cond.txt", text("second"), "If-Match", tag).status())
                .isEqualTo(412);
        assertThat(saga.journal().sagas().newest(1000)).hasSize(before);

        Answer second = api.put("cond.txt", text("second"), "If-Match", first.header("ETag"), "Prefer", "wait=100");
        assertThat(second.status()).as("%s", second.json()).isEqualTo(200);
        Answer late = api.put("cond.txt", text("third"), "If-Match", first.header("ETag"));
        assertThat(late.status()).isEqualTo(412);
        assertThat(late.header("ETag")).isEqualTo(second.header("ETag"));
        assertThat(late.json().path("detail").asText()).contains("nothing was done");
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(spooled()).isEmpty());
    }

    private List<Path> spooled() throws IOException {
        try (Stream<Path> files = Files.list(saga.config().uploads())) {
            return files.toList();
        }
    }

    @Test
    void only_one_of_many_concurrent_conditional_puts_succeeds() {
        List<CompletableFuture<Answer>> puts = IntStream.range(0, 4)
                .mapToObj(i -> Background.run(
                        "put " + i,
                        () -> api.put("race.txt", text("racer " + i), "If-None-Match", "*", "Prefer", "wait=100")))
                .toList();

        assertThat(puts.stream().map(put -> put.join().status()))
                .containsOnlyOnce(200)
                .containsOnly(200, 412);
        assertThat(saga.journal().sagas().newest(1000))
                .filteredOn(s -> s.fileName().equals("race.txt"))
                .hasSize(1);
    }

    static Stream<String[]> malformed() {
        String host = "Host: localhost\r\n";
        return Stream.of(
                new String[] {"400", "\0\1 nonsense\r\n\r\n"},
                new String[] {"400", "GET / HTTP/1.1\r\n" + host + "Bad Header\1: x\r\n\r\n"},
                new String[] {"400", "GET / HTTP/1.1\r\n\r\n"},
                new String[] {"400", "GET /%zz HTTP/1.1\r\n" + host + "\r\n"},
                new String[] {"400", "PUT /api/documents/a HTTP/1.1\r\n" + host + "Content-Length: many\r\n\r\n"},
                new String[] {"414", "GET /" + "a".repeat(9000) + " HTTP/1.1\r\n" + host + "\r\n"},
                new String[] {"431", "GET / HTTP/1.1\r\n" + host + "X: " + "a".repeat(9000) + "\r\n\r\n"},
                new String[] {"404", "GET /elsewhere HTTP/1.1\r\n" + host + "\r\n"},
                new String[] {"404", "GET /api/elsewhere HTTP/1.1\r\n" + host + "\r\n"},
                new String[] {"405", "DELETE / HTTP/1.1\r\n" + host + "\r\n"},
                new String[] {"405", "BREW /api/sagas HTTP/1.1\r\n" + host + "\r\n"},
                new String[] {"405", "OPTIONS /api/documents HTTP/1.1\r\n" + host + "\r\n"});
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("malformed")
    void every_rejection_is_a_problem(String status, String request) throws Exception {
        try (Socket socket = api.socket()) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            String head = ApiClient.readUntil(socket.getInputStream(), "\r\n\r\n");
            assertThat(head)
                    .matches("(?s)HTTP/1[.][01] " + status + " .*")
                    .containsIgnoringCase("Content-Type: application/problem+json");
            JsonNode problem = new ObjectMapper().readTree(ApiClient.readUntil(socket.getInputStream(), "}"));
            assertThat(problem.path("status").asText()).isEqualTo(status);
            assertThat(problem.path("type").asText()).isNotEmpty();
            assertThat(problem.path("title").asText()).isNotEmpty();
            assertThat(problem.path("detail").asText()).isNotEmpty();
            if (status.equals("405")) {
                assertThat(head).containsIgnoringCase("\r\nAllow: ");
            }
        }
    }

    @Test
    void a_client_that_stops_reading_is_disconnected_with_one_log_line() throws Exception {
        assertOneLine(socket -> {}, "the client read nothing for 2 s");
    }

    @Test
    void a_client_that_resets_the_connection_causes_one_log_line() throws Exception {
        assertOneLine(
                socket -> {
                    socket.setSoLinger(true, 0);
                    socket.close();
                },
                "the client disconnected");
    }

    private interface Then {
        void happens(Socket socket) throws IOException;
    }

    private void assertOneLine(Then then, String says) throws Exception {
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        log.start();
        root.addAppender(log);
        try (Socket socket = new Socket()) {
            socket.setReceiveBufferSize(4096);
            socket.setSoTimeout((int) PATIENCE.toMillis());
            socket.connect(new InetSocketAddress(
                    "127.0.0.1", saga.application().address().orElseThrow().getPort()));
            ApiClient.write(socket, "GET " + content + " HTTP/1.1", new byte[0]);
            assertThat(socket.getInputStream().readNBytes(1000)).hasSize(1000);
            then.happens(socket);

            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(List.copyOf(log.list))
                            .anyMatch(e -> e.getFormattedMessage().contains(says)));
            if (!socket.isClosed()) {
                // The server has closed, so the rest of the document never comes.
                assertThat(readToItsEnd(socket)).isLessThan(LARGE - 1000);
            }
            // After one more request, late log lines of the first one would have appeared.
            assertThat(head().status()).isEqualTo(200);
            assertThat(List.copyOf(log.list))
                    .filteredOn(e -> e.getFormattedMessage().contains(content))
                    .hasSize(1);
            assertThat(List.copyOf(log.list))
                    .filteredOn(e -> e.getLevel().isGreaterOrEqual(Level.INFO))
                    .noneMatch(e -> e.getThrowableProxy() != null)
                    .noneMatch(e -> e.getLevel().isGreaterOrEqual(Level.WARN));
        } finally {
            root.detachAppender(log);
        }
    }

    private static long readToItsEnd(Socket socket) {
        long read = 0;
        byte[] buffer = new byte[65_536];
        try {
            for (int n = socket.getInputStream().read(buffer);
                    n >= 0;
                    n = socket.getInputStream().read(buffer)) {
                read += n;
            }
        } catch (java.net.SocketException e) {
            return read; // a reset is an end as well
        } catch (IOException e) {
            throw new AssertionError("the connection is still open after " + read + " bytes", e);
        }
        return read;
    }
}
