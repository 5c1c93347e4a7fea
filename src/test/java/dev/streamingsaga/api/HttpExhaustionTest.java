package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients that hold connections, threads or upload permits. They lose them after a time limit, and other clients are
 * served in the meantime.
 */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class HttpExhaustionTest {
    private static final int CONNECTIONS = 32;
    private static final int PAUSE_MILLIS = 900;

    private StreamingSagaFixture saga;
    private ApiClient api;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        Files.createDirectories(directory.resolve("routes"));
        Files.writeString(directory.resolve("routes/own.camel.yaml"), """
                - route:
                    from:
                      uri: platform-http:/own
                      steps:
                        - setBody:
                            constant: done
                """);
        Map<String, String> settings = new HashMap<>(Map.of(
                "saga.http.enabled",
                "true",
                "saga.http.max-uploads",
                "4",
                "saga.http.max-sagas",
                "8",
                "saga.http.max-listeners",
                "1",
                "saga.http.max-downloads",
                "1",
                "saga.http.max-connections",
                Integer.toString(CONNECTIONS)));
        settings.putAll(Map.of(
                "saga.http.header-timeout",
                "1500ms",
                "saga.http.keep-alive",
                "1500ms",
                "saga.http.idle-timeout",
                "1500ms",
                "saga.http.min-rate",
                "1MiB"));
        saga = StreamingSagaFixture.start(directory, settings);
        api = new ApiClient(saga.application().address().orElseThrow());
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Sends a byte about 50 times a second until the server answers or closes; returns the answer. */
    private static String trickle(Socket socket, String endless) throws IOException {
        socket.setSoTimeout(20);
        for (int i = 0; true; i++) {
            try {
                int first = socket.getInputStream().read();
                socket.setSoTimeout(10_000);
                return first < 0 ? "" : (char) first + ApiClient.readAll(socket);
            } catch (SocketTimeoutException e) {
                send(socket, String.valueOf(endless.charAt(i % endless.length())));
            }
        }
    }

    private void assertServed() {
        assertThat(api.get("/api/openapi.json").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"G", "GET /api/sagas HTTP/1.1\r\nHost: localhost\r\n", "GET /api/sagas HTTP/1.1\r\nX: a"})
    void answers_headers_that_never_end_with_408_and_closes(String part) throws Exception {
        try (Socket silent = api.socket();
                Socket trickling = api.socket()) {
            send(silent, part);
            send(trickling, part);
            assertThat(trickle(trickling, "a"))
                    .startsWith("HTTP/1.1 408")
                    .contains("application/problem+json", "headers-too-slow");
            assertThat(ApiClient.readAll(silent))
                    .startsWith("HTTP/1.1 408")
                    .contains("application/problem+json", "headers-too-slow");
        }
    }

    @Test
    void closes_a_connection_without_a_request_silently() throws Exception {
        try (Socket silent = api.socket()) {
            assertThat(ApiClient.readAll(silent)).isEmpty();
        }
    }

    @Test
    void closes_a_keep_alive_connection_without_further_requests() throws Exception {
        try (Socket kept = api.socket()) {
            String get = "GET /page.css HTTP/1.1\r\nHost: localhost:" + kept.getPort() + "\r\n\r\n";
            send(kept, get);
            ApiClient.readUntil(kept.getInputStream(), "HTTP/1.1 200");
            send(kept, get + "GET /");
            String rest = ApiClient.readAll(kept);
            assertThat(rest)
                    .as("the second request")
                    .contains("HTTP/1.1 200")
                    .as("the third")
                    .contains("HTTP/1.1 408");
        }
        try (Socket kept = api.socket()) {
            send(kept, "GET /page.css HTTP/1.1\r\nHost: localhost:" + kept.getPort() + "\r\n\r\n");
            assertThat(ApiClient.readAll(kept)).startsWith("HTTP/1.1 200").doesNotContain("408");
        }
    }

    @Test
    void rejects_endless_headers_and_request_lines_by_their_size() throws Exception {
        try (Socket socket = api.socket()) {
            send(socket, "GET /api/sagas HTTP/1.1\r\nHost: localhost\r\nX: " + "a".repeat(9000));
            assertThat(ApiClient.readAll(socket)).startsWith("HTTP/1.1 431").contains("application/problem+json");
        }
        try (Socket socket = api.socket()) {
            send(socket, "GET /" + "a".repeat(5000));
            assertThat(ApiClient.readAll(socket)).startsWith("HTTP/1.1 414").contains("application/problem+json");
        }
    }

    @Test
    void serves_others_while_more_connections_hang_than_allowed() throws Exception {
        List<Socket> hanging = new ArrayList<>();
        try {
            for (int i = 0; i < 3 * CONNECTIONS; i++) {
                Socket socket = api.socket();
                hanging.add(socket);
                if (i % 2 == 0) {
                    send(socket, "GET /api/sagas HTTP/1.1\r\n");
                }
                if (i % CONNECTIONS == 0) {
                    assertServed();
                }
            }
            assertServed();
            assertThat(isClosedWithoutAWord(hanging.get(0)))
                    .as("the oldest was closed")
                    .isTrue();
        } finally {
            for (Socket socket : hanging) {
                socket.close();
            }
        }
        assertServed();
    }

    private static boolean isClosedWithoutAWord(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException reset) {
            return true;
        }
    }

    /** A byte now and then could otherwise hold all upload permits for ever. */
    @Test
    void aborts_an_upload_that_trickles_and_accepts_the_next_one() throws Exception {
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                Socket socket = api.socket();
                slow.add(socket);
                send(
                        socket,
                        "PUT /api/documents/slow" + i + ".bin HTTP/1.1\r\nHost: localhost:" + socket.getPort()
                                + "\r\nContent-Length: 5000000\r\n\r\n");
            }
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> api.put("early.bin", new byte[1]).status() == 429);
            assertThat(trickle(slow.get(0), "x")).startsWith("HTTP/1.1 408").contains("saga.http.min-rate");
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> api.put("next.bin", new byte[10], "Prefer", "wait=60")
                                    .status()
                            == 200);
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            try (Stream<Path> spool = Files.list(saga.config().uploads())) {
                assertThat(spool).isEmpty();
            }
        });
    }

    /** Its pauses add up to more than saga.http.idle-timeout, but the bytes in between restore the budget. */
    @Test
    void stores_the_body_of_a_client_that_pauses_several_times() throws Exception {
        byte[] part = new byte[2 * 1024 * 1024];
        try (Socket socket = api.socket()) {
            send(
                    socket,
                    "PUT /api/documents/paused.bin HTTP/1.1\r\nHost: localhost:" + socket.getPort()
                            + "\r\nContent-Length: " + 3 * part.length + "\r\nPrefer: wait=60\r\n\r\n");
            for (int i = 0; i < 3; i++) {
                pause(socket);
                socket.getOutputStream().write(part);
            }
            socket.setSoTimeout(60_000);
            InputStream in = socket.getInputStream();
            assertThat(ApiClient.readUntil(in, "}]")).startsWith("HTTP/1.1 200").contains("\"status\":\"COMPLETED\"");
        }
    }

    private static void pause(Socket socket) throws IOException {
        socket.setSoTimeout(PAUSE_MILLIS);
        assertThatThrownBy(() -> socket.getInputStream().read())
                .as("no answer while the client pauses")
                .isInstanceOf(SocketTimeoutException.class);
    }

    /** Its connection is closed before the body is read; its permit must be free long before a time-out. */
    @Test
    void detects_a_disconnected_client_at_once() throws Exception {
        for (int i = 0; i < 8; i++) {
            try (Socket socket = api.socket()) {
                send(
                        socket,
                        "PUT /api/documents/gone.bin HTTP/1.1\r\nHost: localhost:" + socket.getPort()
                                + "\r\nTransfer-Encoding: chunked\r\n\r\nx");
            }
        }
        await().atMost(Duration.ofSeconds(10))
                .until(() ->
                        api.put("after.bin", new byte[20], "Prefer", "wait=60").status() == 200);
    }

    @Test
    void aborts_a_slow_body_sent_to_an_operators_route() throws Exception {
        String head = "POST /own HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ";
        try (Socket fast = api.socket()) {
            send(fast, head + "4\r\n\r\nfast");
            assertThat(ApiClient.readAll(fast)).startsWith("HTTP/1.1 200").contains("done");
        }
        try (Socket slow = api.socket()) {
            send(slow, head + "100000\r\n\r\n");
            assertThat(trickle(slow, "x"))
                    .startsWith("HTTP/1.1 408")
                    .contains("application/problem+json", "body-too-slow");
        }
    }
}
