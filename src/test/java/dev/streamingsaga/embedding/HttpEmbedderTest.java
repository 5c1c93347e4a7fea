package dev.streamingsaga.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.content.ContentFixture;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HttpEmbedderTest {
    private static final String KEY = "sk-very-secret";

    private final ObjectMapper json = new ObjectMapper();
    private final List<JsonNode> requests = Collections.synchronizedList(new ArrayList<>());
    private final List<String> keys = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch end = new CountDownLatch(1);
    private final ExecutorService handlers = Executors.newCachedThreadPool();
    private HttpServer server;

    /** A fault of the server for a request, by its number from 1; true: handled, false: send a normal response. */
    private interface Fault {
        boolean apply(int number, HttpExchange exchange) throws IOException;
    }

    private Fault fault = (number, exchange) -> false;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(handlers);
        server.createContext("/v1/embeddings", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        end.countDown();
        server.stop(0);
        handlers.shutdownNow();
    }

    /** Returns length and 1 as the vector of a text, in reverse order of the texts, as the index permits. */
    private void answer(HttpExchange exchange) throws IOException {
        JsonNode request = json.readTree(exchange.getRequestBody().readAllBytes());
        requests.add(request);
        keys.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
        if (fault.apply(requests.size(), exchange)) {
            return;
        }
        StringBuilder data = new StringBuilder();
        for (int i = request.get("input").size() - 1; i >= 0; i--) {
            data.append("{\"index\":%d,\"embedding\":[%d,1,0]}%s"
                    .formatted(i, request.get("input").get(i).asText().length(), i > 0 ? "," : ""));
        }
        send(exchange, 200, "{\"data\":[" + data + "]}");
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes();
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private Embedder embedder(String... more) {
        List<String> settings = new ArrayList<>(List.of(
                "saga.embedding.provider",
                "http",
                "saga.embedding.url",
                "http://127.0.0.1:" + server.getAddress().getPort() + "/v1/embeddings",
                "saga.embedding.model",
                "multilingual",
                "saga.embedding.api-key",
                KEY,
                "saga.embedding.dimension",
                "3",
                "saga.embedding.batch-size",
                "4"));
        settings.addAll(List.of(more));
        return Embedders.create(
                ContentFixture.config(settings.toArray(String[]::new)).servers().embedding());
    }

    @Test
    void sends_batches_and_keeps_the_order() {
        List<String> texts = IntStream.range(1, 11).mapToObj("x"::repeat).toList();
        try (Embedder embedder = embedder()) {
            List<float[]> vectors = embedder.embed(texts);
            for (int i = 0; i < texts.size(); i++) {
                assertThat(vectors.get(i)[0] / vectors.get(i)[1]).isBetween(i + 0.99f, i + 1.01f);
                assertThat(ContentFixture.cosine(vectors.get(i), vectors.get(i)))
                        .isBetween(0.9999, 1.0001);
            }
            assertThat(embedder.modelId()).isEqualTo("multilingual");
        }
        assertThat(requests).extracting(request -> request.get("input").size()).containsExactly(4, 4, 2);
        assertThat(requests).allMatch(request -> request.get("model").asText().equals("multilingual"));
        assertThat(keys).containsOnly("Bearer " + KEY);
    }

    @Test
    void retries_when_the_server_is_busy_or_unavailable() {
        fault = (number, exchange) -> {
            switch (number) {
                case 1 -> send(exchange, 429, "");
                case 2 -> send(exchange, 503, "later");
                default -> {
                    return false;
                }
            }
            return true;
        };
        try (Embedder embedder = embedder()) {
            assertThat(embedder.embed(List.of("text"))).hasSize(1);
        }
        assertThat(requests).hasSize(3);
    }

    @Test
    void gives_up_after_four_attempts() {
        fault = (number, exchange) -> {
            send(exchange, 500, "");
            return true;
        };
        assertFails("status 500").hasMessageContaining("attempt 4 of 4");
        assertThat(requests).hasSize(4);
    }

    @Test
    void fails_at_once_when_a_retry_cannot_help() {
        fault = (number, exchange) -> {
            send(exchange, 401, "your key " + KEY + " is wrong");
            return true;
        };
        assertFails("status 401");
        assertThat(requests).hasSize(1);
    }

    @Test
    void does_not_follow_redirects() {
        fault = (number, exchange) -> {
            exchange.getResponseHeaders().set("Location", "/v1/embeddings");
            send(exchange, 307, "");
            return true;
        };
        assertFails("status 307");
        assertThat(requests).hasSize(1);
    }

    @Test
    void rejects_vectors_of_another_dimension() {
        try (Embedder embedder = embedder("saga.embedding.dimension", "4")) {
            assertThatThrownBy(() -> embedder.embed(List.of("text")))
                    .isInstanceOf(SagaException.class)
                    .hasMessageContaining("3 dimensions, saga.embedding.dimension is 4");
        }
    }

    @Test
    void rejects_responses_that_are_incomplete_too_long_or_not_json() {
        List<String> bodies = List.of(
                "{\"data\":[]}",
                "<html>",
                "{\"data\":[{\"index\":7,\"embedding\":[1,2,3]}]}",
                "{\"data\":[{\"embedding\":[\"1\",2,3]}]}",
                "{\"data\":[{\"embedding\":[0,0,0]}]}",
                " ".repeat(1_000_000));
        fault = (number, exchange) -> {
            send(exchange, 200, bodies.get(number - 1));
            return true;
        };
        try (Embedder embedder = embedder()) {
            for (String body : bodies) {
                assertThatThrownBy(() -> embedder.embed(List.of("text")))
                        .as(body.substring(0, 1))
                        .isInstanceOf(SagaException.class);
            }
        }
        assertThat(requests).hasSameSizeAs(bodies);
    }

    @Test
    void times_out_when_the_server_stops_in_the_middle_of_a_response() {
        fault = (number, exchange) -> {
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return true;
        };
        try (Embedder embedder = embedder("saga.embedding.timeout", "200ms")) {
            assertThatThrownBy(() -> embedder.embed(List.of("text"))).hasMessageContaining("no answer within 200 ms");
        }
    }

    @Test
    void rejects_texts_that_may_be_too_long_and_invalid_keys() {
        try (Embedder embedder = embedder()) {
            assertThatThrownBy(() -> embedder.embed(List.of("word ".repeat(1000))))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(requests).isEmpty();
        assertThatThrownBy(() -> embedder("saga.embedding.api-key", KEY + "\nX-Evil: 1"))
                .isInstanceOf(ConfigException.class)
                .hasMessageNotContaining(KEY);
    }

    private AbstractThrowableAssert<?, ?> assertFails(String message) {
        try (Embedder embedder = embedder()) {
            return assertThatThrownBy(() -> embedder.embed(List.of("text")))
                    .isInstanceOfSatisfying(
                            SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.STORE_FAILED))
                    .hasMessageContaining(message)
                    .hasMessageNotContaining(KEY);
        }
    }
}
