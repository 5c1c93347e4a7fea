package dev.streamingsaga.lra;

import static dev.streamingsaga.lra.SagaFixture.CALLBACK;
import static dev.streamingsaga.lra.SagaFixture.target;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import dev.streamingsaga.config.ServerConfig.Callback;
import dev.streamingsaga.testkit.Background;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("own-jvm")
class CallbackListenerTest {
    private static final LraScope SCOPE = new LraScope(
            URI.create("http://127.0.0.1:20001/lra-coordinator"),
            List.of(URI.create("http://127.0.0.1:20002/lra-coordinator")));
    private static final String LRA = "http://127.0.0.1:20001/lra-coordinator/0_ffff7f000001_1_2_3";

    @TempDir
    Path data;

    private final RecordingHandler handler = new RecordingHandler();
    private final HttpClient client = HttpClient.newHttpClient();
    private CallbackListener listener;

    @BeforeEach
    void listen() throws IOException {
        listener = CallbackListener.start(CALLBACK, data, SCOPE, handler);
    }

    @AfterEach
    void close() {
        listener.close();
    }

    private String token() {
        return listener.tokens().issue(target("vector"));
    }

    private int put(String pathAndQuery, String... headers) throws Exception {
        return send(b -> b.PUT(BodyPublishers.noBody()), pathAndQuery, headers).statusCode();
    }

    private HttpResponse<String> send(
            java.util.function.UnaryOperator<HttpRequest.Builder> method, String pathAndQuery, String... headers)
            throws Exception {
        HttpRequest.Builder request = method.apply(HttpRequest.newBuilder(URI.create(listener.uri() + pathAndQuery)));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.ofString());
    }

    @ParameterizedTest
    @EnumSource(CallbackHandler.CallbackAnswer.class)
    void a_signed_callback_reaches_the_handler_and_gets_its_answer(CallbackHandler.CallbackAnswer answer)
            throws Exception {
        handler.behaviour = t -> answer;

        assertThat(put("/lra-participant/compensate?saga=" + token(), "Long-Running-Action", LRA))
                .isEqualTo(answer.status());
        assertThat(put("/lra-participant/complete?saga=" + token(), "Long-Running-Action", LRA))
                .isEqualTo(answer.status());
        assertThat(handler.compensated).containsExactly(target("vector"));
        assertThat(handler.completed).containsExactly(target("vector"));
    }

    @Test
    void endpoints_named_in_the_query_change_nothing() throws Exception {
        assertThat(put(
                        "/lra-participant/compensate?Camel-Saga-Compensate=direct:evil&saga=" + token(),
                        "Long-Running-Action",
                        LRA))
                .isEqualTo(200);
        assertThat(handler.compensated).containsExactly(target("vector"));
    }

    @Test
    void a_forged_callback_is_refused_and_counted() throws Exception {
        String good = token();
        String altered = (good.charAt(0) == 'A' ? 'B' : 'A') + good.substring(1);
        String foreign = new CallbackToken(new byte[32]).issue(target("vector"));
        List<String> queries = List.of(
                "",
                "?",
                "?saga",
                "?saga=",
                "?saga=" + altered,
                "?saga=" + foreign,
                "?saga=" + good + "&saga=" + good,
                "?SAGA=" + good,
                "?Camel-Saga-Compensate=direct:saga-vector-compensate");
        for (String query : queries) {
            assertThat(put("/lra-participant/compensate" + query, "Long-Running-Action", LRA))
                    .as(query)
                    .isEqualTo(403);
            assertThat(put("/lra-participant/complete" + query, "Long-Running-Action", LRA))
                    .as(query)
                    .isEqualTo(403);
        }
        assertThat(listener.refused()).isEqualTo(2L * queries.size());
        assertThat(handler.compensated).isEmpty();
        assertThat(handler.completed).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.1:20003/lra-coordinator/0_1",
                "http://127.0.0.1:20001/lra-coordinator/",
                "http://127.0.0.1:20001/lra-coordinator/../other",
                "http://127.0.0.1:20001/lra-coordinator/0_1?x=1",
                "http://127.0.0.1:20001/lra-coordinator/a/b",
                "http://127.0.0.1:20001/lra-coordinator.example/0_1",
                "http://127.0.0.1:20001@example/lra-coordinator/0_1",
                "0_1"
            })
    void a_callback_for_a_foreign_lra_is_refused(String lra) throws Exception {
        assertThat(put("/lra-participant/compensate?saga=" + token(), "Long-Running-Action", lra))
                .isEqualTo(403);
        assertThat(handler.compensated).isEmpty();
    }

    @Test
    void a_callback_without_an_lra_or_with_two_is_refused() throws Exception {
        assertThat(put("/lra-participant/compensate?saga=" + token())).isEqualTo(403);
        assertThat(put(
                        "/lra-participant/compensate?saga=" + token(),
                        "Long-Running-Action",
                        LRA,
                        "Long-Running-Action",
                        LRA))
                .isEqualTo(403);
        assertThat(handler.compensated).isEmpty();
    }

    @Test
    void an_lra_begun_on_a_former_port_of_the_coordinator_may_call() throws Exception {
        assertThat(put(
                        "/lra-participant/compensate?saga=" + token(),
                        "Long-Running-Action",
                        "http://127.0.0.1:20002/lra-coordinator/0_1"))
                .isEqualTo(200);
    }

    @Test
    void only_the_two_callbacks_and_the_ping_are_served() throws Exception {
        String callback = "?saga=" + token();
        assertThat(send(HttpRequest.Builder::GET, "/lra-participant/compensate" + callback, "Long-Running-Action", LRA)
                        .statusCode())
                .isEqualTo(405);
        assertThat(put("/lra-participant/compensate/x" + callback, "Long-Running-Action", LRA))
                .isEqualTo(404);
        assertThat(put("/" + callback, "Long-Running-Action", LRA)).isEqualTo(404);
        assertThat(send(HttpRequest.Builder::GET, "/lra-participant/ping/short").statusCode())
                .isEqualTo(404);
        assertThat(handler.compensated).isEmpty();
    }

    @Test
    void a_body_over_64_KiB_is_refused() throws Exception {
        HttpResponse<String> answer = send(
                b -> b.PUT(BodyPublishers.ofByteArray(new byte[(64 << 10) + 1])),
                "/lra-participant/compensate?saga=" + token(),
                "Long-Running-Action",
                LRA);

        assertThat(answer.statusCode()).isEqualTo(413);
        assertThat(handler.compensated).isEmpty();
    }

    @Test
    void a_handler_that_throws_is_answered_with_500_and_no_participant_status() throws Exception {
        handler.behaviour = t -> {
            throw new IllegalStateException("FailedToCompensate");
        };
        HttpResponse<String> answer = send(
                b -> b.PUT(BodyPublishers.noBody()),
                "/lra-participant/compensate?saga=" + token(),
                "Long-Running-Action",
                LRA);

        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(answer.body()).doesNotContain("FailedToCompensate");
    }

    @Test
    void a_slow_handler_is_answered_with_later_and_not_started_twice() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        handler.behaviour = t -> {
            await(go);
            return CallbackHandler.CallbackAnswer.DONE;
        };
        String call = "/lra-participant/compensate?saga=" + token();
        assertThat(put(call, "Long-Running-Action", LRA)).isEqualTo(202);
        assertThat(put(call, "Long-Running-Action", LRA)).isEqualTo(202);
        assertThat(handler.compensated).hasSize(1);

        go.countDown();
        org.awaitility.Awaitility.await()
                .untilAsserted(
                        () -> assertThat(put(call, "Long-Running-Action", LRA)).isEqualTo(200));
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** More clients than threads: each would block one forever. */
    @Test
    void clients_that_never_finish_their_request_are_disconnected() throws Exception {
        List<Socket> lazy = IntStream.range(0, 9).mapToObj(i -> halfARequest()).toList();
        try {
            assertThat(put("/lra-participant/compensate?saga=" + token(), "Long-Running-Action", LRA))
                    .isEqualTo(200);
        } finally {
            for (Socket socket : lazy) {
                socket.close();
            }
        }
    }

    /** 40 of them blocked the JDK's server for 15 s. */
    @Test
    void a_call_is_answered_at_once_while_more_clients_hang_than_the_limit_allows() throws Exception {
        List<Socket> hanging = IntStream.range(0, 200)
                .mapToObj(i -> i % 2 == 0 ? halfARequest() : connection())
                .toList();
        try {
            assertTimeout(Duration.ofSeconds(4), () -> {
                for (int i = 0; i < 5; i++) {
                    assertThat(put("/lra-participant/compensate?saga=" + token(), "Long-Running-Action", LRA))
                            .isEqualTo(200);
                }
            });
            assertThat(closes(hanging.get(0))).as("the oldest made room").isTrue();
        } finally {
            for (Socket socket : hanging) {
                socket.close();
            }
        }
    }

    /** All connections have requests in progress: new ones wait, and none is closed. */
    @Test
    void calls_that_are_being_answered_make_no_room_for_others(@TempDir Path other) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        handler.behaviour = t -> {
            await(go);
            return CallbackHandler.CallbackAnswer.DONE;
        };
        var limits = new CallbackServer.ListenerLimits(2, Duration.ofSeconds(5), 64 << 10);
        try (CallbackListener small = CallbackListener.start(CALLBACK, other, SCOPE, handler, limits)) {
            List<CompletableFuture<Integer>> calls = IntStream.range(0, 4)
                    .mapToObj(i -> Background.call("call " + i, () -> {
                        String token = small.tokens().issue(target("step" + i));
                        HttpRequest call = HttpRequest.newBuilder(
                                        URI.create(small.uri() + "/lra-participant/compensate?saga=" + token))
                                .header("Long-Running-Action", LRA)
                                .PUT(BodyPublishers.noBody())
                                .build();
                        return client.send(call, BodyHandlers.discarding()).statusCode();
                    }))
                    .toList();
            assertThat(calls)
                    .allSatisfy(
                            call -> assertThat(call.get(20, TimeUnit.SECONDS)).isEqualTo(202));
        } finally {
            go.countDown();
        }
    }

    @Test
    void a_request_that_does_not_arrive_in_time_is_cut_off(@TempDir Path other) throws Exception {
        var limits = new CallbackServer.ListenerLimits(4, Duration.ofMillis(300), 64 << 10);
        try (CallbackListener hasty = CallbackListener.start(CALLBACK, other, SCOPE, handler, limits);
                Socket silent =
                        new Socket(InetAddress.getLoopbackAddress(), hasty.uri().getPort());
                Socket trickling =
                        new Socket(InetAddress.getLoopbackAddress(), hasty.uri().getPort())) {
            assertTimeout(Duration.ofSeconds(10), () -> {
                trickling.setSoTimeout(20);
                assertThat(Stream.generate(() -> closesAfterAByte(trickling))
                                .limit(400)
                                .anyMatch(closed -> closed))
                        .isTrue();
                assertThat(closes(silent)).isTrue();
            });
        }
    }

    private static boolean closesAfterAByte(Socket socket) {
        try {
            socket.getOutputStream().write('P');
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    private static boolean closes(Socket socket) {
        try {
            socket.setSoTimeout(10_000);
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    /** RFC 9112, 5.1, 6.1 and 6.3: bytes after such a request are never answered; nothing runs. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 5\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding: chunked\r\nContent-Length: 5",
                "Transfer-Encoding: chunked, identity",
                "Transfer-Encoding: identity",
                "Transfer-Encoding: xchunked",
                "Transfer-Encoding:",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
                "Content-Length: 5\r\nContent-Length: 6",
                "Content-Length: 5\r\nContent-Length: 5",
                "Content-Length: 5, 5",
                "Content-Length: +5",
                "Content-Length: -5",
                "Content-Length: 0x5",
                "Content-Length:",
                "Content-Length : 5",
                "Transfer-Encoding\t: chunked",
                "X-Nul: a\0",
                "X-Bare: a\rTransfer-Encoding: chunked",
                "No-Colon"
            })
    void an_ambiguous_request_is_refused_and_its_connection_closed(String headers) throws Exception {
        String call = "PUT /lra-participant/compensate?saga=" + token()
                + " HTTP/1.1\r\nHost: x\r\nLong-Running-Action: " + LRA + "\r\n";
        String answer = raw(call + headers + "\r\n\r\n0\r\n\r\n" + call + "\r\n");

        assertThat(answer)
                .startsWith("HTTP/1.")
                .containsOnlyOnce("HTTP/1.")
                .matches("(?s)HTTP/1[.][01] (400|501) .*Connection: close.*");
        assertThat(handler.compensated).isEmpty();
    }

    @Test
    void a_connection_serves_one_request() throws Exception {
        String call = "PUT /lra-participant/compensate?saga=" + token()
                + " HTTP/1.1\r\nHost: x\r\nLong-Running-Action: " + LRA + "\r\n\r\n";
        String answer = raw(call + call);

        assertThat(answer)
                .startsWith("HTTP/1.1 200")
                .containsOnlyOnce("HTTP/1.")
                .contains("Connection: close");
        assertThat(handler.compensated).hasSize(1);
    }

    @Test
    void endless_headers_are_refused_by_size() throws Exception {
        assertThat(raw("PUT / HTTP/1.1\r\nX: " + "a".repeat(9000))).startsWith("HTTP/1.1 431");
        assertThat(raw("PUT / HTTP/1.1\r\n" + "X: a\r\n".repeat(200))).startsWith("HTTP/1.1 431");
    }

    private String raw(String request) throws IOException {
        try (Socket socket = connection()) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private Socket connection() {
        try {
            return new Socket(InetAddress.getLoopbackAddress(), listener.uri().getPort());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Socket halfARequest() {
        try {
            Socket socket =
                    new Socket(InetAddress.getLoopbackAddress(), listener.uri().getPort());
            socket.getOutputStream().write("PUT /lra-participant/compensate HTTP/1.1\r\nHost: x\r\n".getBytes());
            return socket;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void port_and_secret_survive_a_restart() throws Exception {
        String call = "/lra-participant/compensate?saga=" + token();
        URI before = listener.uri();
        listener.close();
        listen();

        assertThat(listener.uri()).isEqualTo(before);
        assertThat(put(call, "Long-Running-Action", LRA)).isEqualTo(200);
    }

    @Test
    void a_stored_port_that_is_in_use_is_replaced_permanently() throws Exception {
        URI before = listener.uri();
        listener.close();
        try (ServerSocket taken = new ServerSocket(before.getPort(), 1, InetAddress.getLoopbackAddress())) {
            listen();
            assertThat(taken.isBound()).isTrue();
        }
        URI after = listener.uri();
        listener.close();
        listen();

        assertThat(after).isNotEqualTo(before);
        assertThat(listener.uri()).isEqualTo(after);
    }

    @Test
    void a_configured_port_that_is_in_use_fails_the_start() throws Exception {
        Callback same = new Callback("127.0.0.1", listener.uri().getPort(), Optional.empty(), "");

        assertThatThrownBy(() -> CallbackListener.start(same, data, SCOPE, handler))
                .isInstanceOf(BindException.class)
                .hasMessageContaining("saga.callback.port");
    }

    @Test
    void the_self_check_passes_when_this_process_answers() {
        assertThatCode(listener::selfCheck).doesNotThrowAnyException();
    }

    @Test
    void the_self_check_fails_when_another_server_owns_the_url(@TempDir Path other) throws Exception {
        try (StubServer stranger = new StubServer((r, n) -> new StubServer.StubResponse(200, "pong"))) {
            // Another listener on the same data, with the same secret, does not pass either.
            for (URI url : List.of(stranger.uri(""), listener.uri())) {
                Callback elsewhere = new Callback("127.0.0.1", 0, Optional.of(url), "");
                try (CallbackListener mine = CallbackListener.start(elsewhere, other, SCOPE, handler)) {
                    assertThatThrownBy(mine::selfCheck)
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("another process answers there")
                            .hasMessageContaining(url.toString());
                }
            }
            assertThat(stranger.requests).hasSize(1);
        }
    }

    @Test
    void the_self_check_fails_when_nobody_answers(@TempDir Path other) throws Exception {
        URI gone = listener.uri();
        listener.close();
        try (CallbackListener mine =
                CallbackListener.start(new Callback("127.0.0.1", 0, Optional.of(gone), ""), other, SCOPE, handler)) {
            assertThatThrownBy(mine::selfCheck).hasMessageContaining("no server answers there");
        }
    }

    @Test
    void a_wildcard_host_needs_a_url() {
        assertThatThrownBy(() -> CallbackListener.start(
                        new Callback("0.0.0.0", 0, Optional.empty(), ""), data.resolve("x"), SCOPE, handler))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("saga.callback.url must be set");
    }
}
