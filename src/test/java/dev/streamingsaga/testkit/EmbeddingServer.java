package dev.streamingsaga.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * An OpenAI-style model server on a loopback port. Records every text it embeds, and can be held in the middle of a
 * document.
 */
public final class EmbeddingServer implements AutoCloseable {
    public static final int DIMENSION = 8;

    private final HttpServer server;
    private final ObjectMapper json = new ObjectMapper();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<String> texts = Collections.synchronizedList(new ArrayList<>());
    private volatile int free = Integer.MAX_VALUE;
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private volatile CountDownLatch arrived = new CountDownLatch(0);

    public EmbeddingServer() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::embed);
        server.start();
    }

    /** Settings of an application that uses it: sequential requests of two segments each. */
    public Map<String, String> settings() {
        return Map.of(
                "saga.embedding.provider",
                "http",
                "saga.embedding.url",
                uri().toString(),
                "saga.embedding.model",
                "test",
                "saga.embedding.dimension",
                "" + DIMENSION,
                "saga.embedding.batch-size",
                "2",
                "saga.embedding.threads",
                "1",
                "saga.content.segment-tokens",
                "40");
    }

    public URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /**
     * Answers this many further requests, then holds the next one.
     *
     * @return released when the held request arrives
     */
    public CountDownLatch holdAfter(int requests) {
        free = requests;
        gate = new CountDownLatch(1);
        arrived = new CountDownLatch(1);
        return arrived;
    }

    public void release() {
        free = Integer.MAX_VALUE;
        gate.countDown();
    }

    /** All texts that were embedded and answered, in order; contains a text twice if it was embedded twice. */
    public List<String> embedded() {
        synchronized (texts) {
            return List.copyOf(texts);
        }
    }

    private void embed(HttpExchange exchange) throws IOException {
        try (exchange) {
            JsonNode input =
                    json.readTree(exchange.getRequestBody().readAllBytes()).path("input");
            if (mustWait()) {
                arrived.countDown();
                gate.await();
            }
            List<Map<String, Object>> data = new ArrayList<>();
            for (int i = 0; i < input.size(); i++) {
                float[] vector = new float[DIMENSION];
                vector[Math.floorMod(input.get(i).asText().hashCode(), DIMENSION)] = 1;
                data.add(Map.of("index", i, "embedding", vector));
            }
            byte[] answer = json.writeValueAsBytes(Map.of("data", data));
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            input.forEach(text -> texts.add(text.asText()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized boolean mustWait() {
        return free-- <= 0;
    }

    @Override
    public void close() {
        release();
        server.stop(0);
        threads.shutdownNow();
    }
}
