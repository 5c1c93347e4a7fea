package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
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
 * Request smuggling: requests whose end two servers could interpret differently (RFC 9112, 2.2, 5.1, 5.2, 6.1, 6.3).
 * They are rejected and the connection is closed, so that the rest is never read as another request.
 */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class HttpFramingTest {
    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1[.][01] (\\d{3})");

    private StreamingSagaFixture saga;
    private ApiClient api;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        saga = StreamingSagaFixture.start(directory, Map.of("saga.http.enabled", "true"));
        api = new ApiClient(saga.application().address().orElseThrow());
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    @AfterEach
    void nothing_was_stored() {
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            try (Stream<Path> spool = Files.list(saga.config().uploads())) {
                assertThat(spool).isEmpty();
            }
        });
        assertThat(saga.journal().sagas().newest(10)).isEmpty();
    }

    /** Sends the headers, then a body that is complete as chunked and as five bytes, then another request. */
    private String answer(String head) throws IOException {
        String smuggled =
                "PUT /api/documents/smuggled.bin HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 1\r\n\r\nx";
        return exchange(head + "0\r\n\r\n" + smuggled);
    }

    private String exchange(String raw) throws IOException {
        try (Socket socket = api.socket()) {
            socket.getOutputStream()
                    .write(raw.replace("PORT", Integer.toString(socket.getPort()))
                            .getBytes(StandardCharsets.ISO_8859_1));
            return ApiClient.readAll(socket);
        }
    }

    private static void assertRefused(String answer, String... statuses) {
        assertThat(STATUS_LINE.matcher(answer).results().map(line -> line.group(1)))
                .as(answer)
                .singleElement()
                .isIn((Object[]) statuses);
        assertThat(answer)
                .contains("application/problem+json")
                .containsIgnoringCase("connection: close")
                .contains("\"detail\":\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 5\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding: chunked\r\nContent-Length: 5",
                "Content-Length: 5\r\nTransfer-Encoding: xchunked",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
                "Transfer-Encoding: xchunked\r\ntransfer-encoding: chunked",
                "Content-Length: 5\r\nContent-Length: 6",
                "Content-Length: 5\r\ncontent-length: 5",
                "Content-Length: 5, 5",
                "Content-Length: 5, 6",
                "Content-Length: +5",
                "Content-Length: -5",
                "Content-Length: 0x5",
                "Content-Length: 5 0",
                "Content-Length: five",
                "Content-Length:",
                "Content-Length: 99999999999999999999",
                "Content-Length : 5",
                "Content-Length\t: 5",
                "Transfer-Encoding : chunked",
                "Content-Length: 5\r\n 0",
                "Content-Length:\r\n\t5",
                "Transfer-Encoding:\r\n chunked",
                "X-Folded: a\r\n b\r\nContent-Length: 5",
                " X-First: folded into the request line\r\nContent-Length: 5",
                "X-Bare: a\nTransfer-Encoding: chunked",
                "X-Bare: a\nContent-Length: 5",
                "X-Bare: a\rTransfer-Encoding: chunked",
                "X-Nul: a\0\r\nContent-Length: 5",
                "No-Colon\r\nContent-Length: 5",
                ": no name\r\nContent-Length: 5",
                "X(Y): no token\r\nContent-Length: 5",
                "Sec-WebSocket-Key1: 1\r\nSec-WebSocket-Key2: 2"
            })
    void rejects_with_400_and_closes(String headers) throws Exception {
        assertRefused(
                answer("PUT /api/documents/first.bin HTTP/1.1\r\nHost: localhost:PORT\r\n" + headers + "\r\n\r\n"),
                "400");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "xchunked",
                "chunked, identity",
                "identity, chunked",
                "identity",
                "gzip, chunked",
                "gzip",
                "chunked;q=1",
                "chunked,",
                "\"chunked\"",
                "\u000bchunked",
                "chunked\u00a0",
                ""
            })
    void supports_no_transfer_coding_but_chunked(String coding) throws Exception {
        assertRefused(
                answer("PUT /api/documents/first.bin HTTP/1.1\r\nHost: localhost:PORT\r\nTransfer-Encoding: " + coding
                        + "\r\n\r\n"),
                "501",
                "400");
        assertRefused(
                answer("GET /api/openapi.json HTTP/1.1\r\nHost: localhost:PORT\r\nTransfer-Encoding: " + coding
                        + "\r\n\r\n"),
                "501",
                "400");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.0",
                "HTTP/1.2",
                "HTTP/2.0",
                "HTTP/0.9",
                "http/1.1",
                "HTTP/1.10",
                "HTTP/1.1 ",
                "x HTTP/1.1",
                ""
            })
    void supports_chunked_bodies_only_in_HTTP_1_1(String version) throws Exception {
        assertRefused(
                answer("PUT /api/documents/first.bin " + version
                        + "\r\nHost: localhost:PORT\r\nTransfer-Encoding: chunked\r\n\r\n"),
                "400",
                "505");
    }

    @Test
    void rejects_header_lines_that_end_with_a_bare_line_feed() throws Exception {
        assertRefused(
                answer("PUT /api/documents/first.bin HTTP/1.1\nHost: localhost:PORT\nContent-Length: 5\n\n"), "400");
    }

    /** The body has started: it is never complete, and never stored. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "5x\r\nhello\r\n0\r\n\r\n",
                "-5\r\nhello\r\n0\r\n\r\n",
                "5\r\nhelloworld\r\n0\r\n\r\n",
                "5\nhello\n0\n\n",
                "\r\nhello\r\n0\r\n\r\n",
                "5;a=\"b\nc\"\r\nhello\r\n0\r\n\r\n",
                "FFFFFFFFF\r\nhello\r\n0\r\n\r\n"
            })
    void closes_after_a_broken_chunk(String body) throws Exception {
        String answer = exchange(
                "PUT /api/documents/first.bin HTTP/1.1\r\nHost: localhost:PORT\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + body
                        + "PUT /api/documents/smuggled.bin HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length:"
                        + " 1\r\n\r\nx");

        assertThat(STATUS_LINE.matcher(answer).results().map(line -> line.group(1)))
                .as(answer)
                .hasSizeLessThan(2)
                .allMatch("400"::equals);
    }

    /** Sent byte by byte, as a slow client or an attacker would. */
    @Test
    void detects_a_folded_header_that_arrives_byte_by_byte() throws Exception {
        try (Socket socket = api.socket()) {
            socket.setTcpNoDelay(true);
            byte[] head = ("PUT /api/documents/first.bin HTTP/1.1\r\nHost: localhost:" + socket.getPort()
                            + "\r\nContent-Length: 5\r\n 0\r\n\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1);
            for (int i = 0; i < head.length; i++) {
                socket.getOutputStream().write(head, i, 1);
            }
            assertRefused(ApiClient.readAll(socket), "400");
        }
    }

    @Test
    void still_answers_well_formed_requests_on_one_connection() throws Exception {
        String get =
                "\r\nGET /api/openapi.json HTTP/1.1\r\nHost: localhost:PORT\r\nX-Empty:\r\nX-Text: a\tb \u00e9\r\n";
        String answer = exchange(get + "\r\n" + get + "Connection: close\r\n\r\n");

        assertThat(STATUS_LINE.matcher(answer).results().map(line -> line.group(1)))
                .containsExactly("200", "200");
    }
}
