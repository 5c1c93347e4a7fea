package dev.streamingsaga.testkit;

import static dev.streamingsaga.testkit.ProxiedRequest.anyRequest;
import static dev.streamingsaga.testkit.ProxiedRequest.hasQuery;
import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FaultProxyTest {
    private static final byte[] SMALL = "hello, bucket".getBytes(StandardCharsets.UTF_8);

    /** The objects that upstream has stored, by key. */
    private final Map<String, byte[]> objects = new ConcurrentHashMap<>();

    private final List<String> seen = new CopyOnWriteArrayList<>();
    private final List<String> hosts = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private HttpServer server;
    private FaultProxy proxy;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 100);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
        proxy = new FaultProxy(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort()));
    }

    @AfterEach
    void stop() {
        proxy.close();
        server.stop(0);
        threads.shutdownNow();
    }

    @Test
    void forwards_large_bodies_unaltered_both_ways() throws Exception {
        byte[] large = bytes(20 << 20);
        assertThat(put("/b/large", large).statusCode()).isEqualTo(200);
        assertThat(objects.get("/b/large")).isEqualTo(large);
        assertThat(get("/b/large").body()).isEqualTo(large);
        assertThat(hosts).containsOnly(proxy.uri().getAuthority());
    }

    @Test
    void forwards_chunked_bodies_both_ways() throws Exception {
        byte[] large = bytes(5_000_001);
        HttpRequest put = request("/b/c")
                .PUT(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(large)))
                .build();
        assertThat(client.send(put, BodyHandlers.discarding()).statusCode()).isEqualTo(200);
        assertThat(objects.get("/b/c")).isEqualTo(large);
        HttpResponse<byte[]> got = get("/b/c?chunked");
        assertThat(got.headers().firstValue("Transfer-Encoding")).contains("chunked");
        assertThat(got.body()).isEqualTo(large);
    }

    @Test
    void forwards_responses_without_body_on_one_kept_connection() throws Exception {
        objects.put("/b/k", SMALL);
        try (Socket socket = new Socket("127.0.0.1", proxy.uri().getPort())) {
            OutputStream out = socket.getOutputStream();
            InputStream in = socket.getInputStream();
            for (String method : List.of("HEAD", "DELETE", "GET")) {
                out.write((method + " /b/k HTTP/1.1\r\nHost: signed.example\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
                HttpHead reply = HttpHead.read(in).orElseThrow();
                assertThat(reply.status())
                        .isEqualTo(
                                Map.of("HEAD", 200, "DELETE", 204, "GET", 404).get(method));
                assertThat(reply.headers().get("Content-Length"))
                        .isEqualTo(method.equals("HEAD") ? "13" : method.equals("GET") ? "0" : null);
            }
        }
        assertThat(hosts).containsExactly("signed.example", "signed.example", "signed.example");
        assertThat(objects).isEmpty();
    }

    @Test
    void forwards_100_continue_from_upstream() throws Exception {
        HttpRequest put = request("/b/e")
                .expectContinue(true)
                .PUT(BodyPublishers.ofByteArray(SMALL))
                .build();
        assertThat(client.send(put, BodyHandlers.discarding()).statusCode()).isEqualTo(200);
        try (Socket socket = new Socket("127.0.0.1", proxy.uri().getPort())) {
            socket.getOutputStream()
                    .write("PUT /b/raw HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(HttpHead.read(socket.getInputStream()).orElseThrow().status())
                    .isEqualTo(100);
            socket.getOutputStream().write("ok".getBytes(StandardCharsets.US_ASCII));
            assertThat(HttpHead.read(socket.getInputStream()).orElseThrow().status())
                    .isEqualTo(200);
        }
        assertThat(objects.get("/b/e")).isEqualTo(SMALL);
        assertThat(objects.get("/b/raw")).asString().isEqualTo("ok");
    }

    @Test
    void serves_many_connections_at_once_and_records_every_request() {
        byte[] body = bytes(300_000);
        List<CompletableFuture<HttpResponse<Void>>> puts = IntStream.range(0, 100)
                .mapToObj(i -> client.sendAsync(
                        request("/b/" + i).PUT(BodyPublishers.ofByteArray(body)).build(), BodyHandlers.discarding()))
                .toList();
        puts.forEach(put -> assertThat(put.join().statusCode()).isEqualTo(200));
        assertThat(objects)
                .hasSize(100)
                .allSatisfy((key, stored) -> assertThat(stored).isEqualTo(body));
        assertThat(proxy.count(
                        request -> request.status() == 200 && request.fault().isEmpty()))
                .isEqualTo(100);
    }

    @Test
    void refuse_resets_before_anything_reaches_upstream() {
        proxy.when(method("PUT")).refuse();
        assertThatThrownBy(() -> put("/b/k", SMALL)).isInstanceOf(IOException.class);
        assertThat(seen).isEmpty();
        assertThat(proxy.requests()).containsExactly(new ProxiedRequest("PUT", "/b/k", "", 0, 0, "refuse"));
    }

    @Test
    void a_rule_applies_the_given_number_of_times_and_then_the_next_one() throws Exception {
        FaultRule slow =
                proxy.when(method("PUT").and(keyEndsWith("chunk-3"))).times(2).answer(503, "SlowDown");
        proxy.when(keyEndsWith("chunk-3").and(hasQuery("partNumber"))).answer(507, "InsufficientStorage");
        String key = "/b/chunk-3?x=1&partNumber=2";
        assertThat(put("/b/chunk-4", SMALL).statusCode()).isEqualTo(200);
        assertThat(List.of(
                        put(key, SMALL).statusCode(),
                        put(key, SMALL).statusCode(),
                        put(key, SMALL).statusCode(),
                        put(key, SMALL).statusCode()))
                .containsExactly(503, 503, 507, 200);
        assertThat(slow.applied()).isEqualTo(2);
        assertThat(proxy.requests())
                .extracting(ProxiedRequest::fault)
                .containsExactly("", "answer", "answer", "answer", "");
        assertThat(seen).containsExactly("PUT /b/chunk-4", "PUT /b/chunk-3");
    }

    @Test
    void answers_errors_as_s3_does_and_keeps_the_connection() throws Exception {
        proxy.always().answer(403, "AccessDenied");
        HttpURLConnection connection =
                (HttpURLConnection) proxy.uri().resolve("/b/k").toURL().openConnection();
        connection.setRequestMethod("PUT");
        connection.setDoOutput(true);
        byte[] large = bytes(8 << 20);
        connection.setFixedLengthStreamingMode(large.length);
        connection.getOutputStream().write(large);
        assertThat(connection.getResponseCode()).isEqualTo(403);
        assertThat(connection.getErrorStream()).asString(StandardCharsets.UTF_8).contains("<Code>AccessDenied</Code>");
        HttpRequest head =
                request("/b/k").method("HEAD", BodyPublishers.noBody()).build();
        assertThat(client.send(head, BodyHandlers.ofByteArray()).statusCode()).isEqualTo(403);
        proxy.clearRules();
        assertThat(put("/b/k", SMALL).statusCode()).isEqualTo(200);
        assertThat(seen).containsExactly("PUT /b/k");
    }

    @Test
    void reset_after_some_bytes_never_lets_upstream_store_the_object() throws Exception {
        proxy.when(method("PUT")).times(3).resetAfter(100_000);
        assertThatThrownBy(() -> put("/b/long", bytes(5 << 20))).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> put("/b/short", SMALL)).isInstanceOf(IOException.class);
        HttpRequest chunked = request("/b/chunked")
                .PUT(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(SMALL)))
                .build();
        assertThatThrownBy(() -> client.send(chunked, BodyHandlers.discarding()))
                .isInstanceOf(IOException.class);
        assertThat(put("/b/next", SMALL).statusCode()).isEqualTo(200);
        assertThat(objects).containsOnlyKeys("/b/next");
    }

    @Test
    void a_lost_reply_leaves_the_object_stored() throws Exception {
        proxy.when(method("PUT")).loseReply();
        CompletableFuture<?> put = client.sendAsync(
                request("/b/k").PUT(BodyPublishers.ofByteArray(SMALL)).build(), BodyHandlers.discarding());
        await().until(() -> proxy.count(request -> request.upstreamStatus() == 200) == 1);
        assertThat(objects.get("/b/k")).isEqualTo(SMALL);
        assertThat(put).isNotDone();
        assertThat(get("/b/k").statusCode()).isEqualTo(200);
        proxy.close();
        assertThat(put).failsWithin(Duration.ofSeconds(20));
        assertThat(proxy.requests().get(0)).isEqualTo(new ProxiedRequest("PUT", "/b/k", "", 200, 0, "loseReply"));
    }

    @Test
    void a_hanging_request_is_never_answered_and_never_reaches_upstream() throws Exception {
        proxy.when(method("PUT")).hang();
        try (Socket socket = new Socket("127.0.0.1", proxy.uri().getPort())) {
            socket.setSoTimeout(200);
            socket.getOutputStream()
                    .write("PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok"
                            .getBytes(StandardCharsets.US_ASCII));
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        }
        assertThat(proxy.requests()).containsExactly(new ProxiedRequest("PUT", "/b/k", "", 0, 0, "hang"));
        assertThat(seen).isEmpty();
    }

    @Test
    void a_delayed_request_waits_for_the_latch() {
        CountDownLatch latch = new CountDownLatch(1);
        FaultRule rule = proxy.when(method("PUT")).delay(latch);
        CompletableFuture<HttpResponse<Void>> put = client.sendAsync(
                request("/b/k").PUT(BodyPublishers.ofByteArray(SMALL)).build(), BodyHandlers.discarding());
        await().until(() -> rule.applied() == 1);
        assertThat(seen).isEmpty();
        latch.countDown();
        assertThat(put.join().statusCode()).isEqualTo(200);
        assertThat(objects.get("/b/k")).isEqualTo(SMALL);
    }

    @Test
    void a_delayed_request_whose_client_gave_up_is_a_late_write() throws Exception {
        CountDownLatch latch = new CountDownLatch(1);
        proxy.when(method("PUT")).delay(latch);
        try (Socket socket = new Socket("127.0.0.1", proxy.uri().getPort())) {
            socket.getOutputStream()
                    .write("PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok"
                            .getBytes(StandardCharsets.US_ASCII));
            await().until(() -> proxy.requests().size() == 1);
        }
        latch.countDown();
        await().until(() -> objects.containsKey("/b/k"));
    }

    @Test
    void hooks_run_before_forwarding_and_before_the_reply_is_returned() throws Exception {
        List<String> order = new CopyOnWriteArrayList<>();
        proxy.when(keyEndsWith("one"))
                .beforeForward(() -> order.add("before, stored: " + objects.containsKey("/b/one")));
        proxy.when(keyEndsWith("two")).afterReply(() -> {
            ProxiedRequest request = proxy.requests().get(1);
            order.add("after, stored: " + objects.containsKey("/b/two") + ", " + request.upstreamStatus() + "/"
                    + request.status());
        });
        assertThat(put("/b/one", SMALL).statusCode()).isEqualTo(200);
        assertThat(put("/b/two", SMALL).statusCode()).isEqualTo(200);
        assertThat(order).containsExactly("before, stored: false", "after, stored: true, 200/0");
    }

    @Test
    void a_failing_hook_resets_the_connection_and_is_reported_at_close() {
        proxy.when(anyRequest()).beforeForward(() -> {
            throw new IOException("no such file");
        });
        assertThatThrownBy(() -> put("/b/k", SMALL)).isInstanceOf(IOException.class);
        assertThatIllegalStateException().isThrownBy(proxy::close).withStackTraceContaining("no such file");
        proxy = new FaultProxy(proxy.uri());
    }

    @Test
    void corrupts_one_byte_of_the_content_and_not_its_framing() throws Exception {
        proxy.when(method("PUT")).times(2).corruptBody();
        byte[] large = bytes(3 << 20);
        put("/b/k", large);
        HttpRequest signed = request("/b/aws")
                .header("Content-Encoding", "aws-chunked")
                .PUT(BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream("3\r\nabc\r\n0\r\n\r\n".getBytes(StandardCharsets.US_ASCII))))
                .build();
        client.send(signed, BodyHandlers.discarding());
        byte[] stored = objects.get("/b/k");
        assertThat(stored).hasSameSizeAs(large);
        assertThat(IntStream.range(0, large.length)
                        .filter(i -> stored[i] != large[i])
                        .count())
                .isEqualTo(1);
        assertThat(objects.get("/b/aws")).asString().isEqualTo("3\r\n`bc\r\n0\r\n\r\n");
    }

    @Test
    void down_cuts_kept_and_new_connections_until_up() throws Exception {
        try (Socket kept = new Socket("127.0.0.1", proxy.uri().getPort())) {
            kept.getOutputStream().write("GET /b/none HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(HttpHead.read(kept.getInputStream()).orElseThrow().status())
                    .isEqualTo(404);
            proxy.down();
            assertThatThrownBy(() -> kept.getInputStream().read()).isInstanceOf(IOException.class);
        }
        assertThatThrownBy(() -> put("/b/k", SMALL)).isInstanceOf(IOException.class);
        assertThat(seen).containsExactly("GET /b/none");
        proxy.up();
        assertThat(put("/b/k", SMALL).statusCode()).isEqualTo(200);
    }

    @Test
    void an_early_response_reaches_a_client_that_is_still_sending() throws Exception {
        assertThat(put("/b/large?refused", bytes(20 << 20)).statusCode()).isEqualTo(413);
        assertThat(objects).isEmpty();
    }

    @Test
    void an_unreachable_upstream_is_recorded_as_a_reset() {
        server.stop(0);
        assertThatThrownBy(() -> put("/b/k", SMALL)).isInstanceOf(IOException.class);
        assertThat(proxy.requests().get(0).fault()).startsWith("broken: ");
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String key = exchange.getRequestURI().getPath();
            String query = String.valueOf(exchange.getRequestURI().getQuery());
            seen.add(exchange.getRequestMethod() + " " + key);
            hosts.add(exchange.getRequestHeaders().getFirst("Host"));
            switch (exchange.getRequestMethod()) {
                case "PUT" -> store(exchange, key, query);
                case "DELETE" -> exchange.sendResponseHeaders(objects.remove(key) == null ? 404 : 204, -1);
                default -> read(exchange, objects.get(key), query);
            }
        }
    }

    private void store(HttpExchange exchange, String key, String query) throws IOException {
        if (query.equals("refused")) {
            exchange.sendResponseHeaders(413, -1);
            return;
        }
        byte[] body = exchange.getRequestBody().readAllBytes();
        String length = exchange.getRequestHeaders().getFirst("Content-Length");
        if (length != null && Long.parseLong(length) != body.length) {
            throw new IOException("body ended early");
        }
        objects.put(key, body);
        exchange.sendResponseHeaders(200, -1);
    }

    private static void read(HttpExchange exchange, byte[] object, String query) throws IOException {
        if (object == null) {
            exchange.sendResponseHeaders(404, -1);
        } else if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", String.valueOf(object.length));
            exchange.sendResponseHeaders(200, -1);
        } else {
            exchange.sendResponseHeaders(200, query.equals("chunked") ? 0 : object.length);
            exchange.getResponseBody().write(object);
        }
    }

    private HttpResponse<byte[]> put(String key, byte[] body) throws IOException, InterruptedException {
        return client.send(request(key).PUT(BodyPublishers.ofByteArray(body)).build(), BodyHandlers.ofByteArray());
    }

    private HttpResponse<byte[]> get(String key) throws IOException, InterruptedException {
        return client.send(request(key).GET().build(), BodyHandlers.ofByteArray());
    }

    private HttpRequest.Builder request(String key) {
        return HttpRequest.newBuilder(proxy.uri().resolve(key));
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new SplittableRandom(42).nextBytes(bytes);
        return bytes;
    }
}
