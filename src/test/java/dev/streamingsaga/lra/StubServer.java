package dev.streamingsaga.lra;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A small HTTP server that records every request, for responses that a real coordinator does not give on demand. */
final class StubServer implements AutoCloseable {
    final List<String> requests = new CopyOnWriteArrayList<>();
    /** The header of each request; {@code null} where there was none. */
    final List<String> authorizations = new CopyOnWriteArrayList<>();

    private final HttpServer server;

    @FunctionalInterface
    interface Answers {
        StubResponse to(String methodAndPath, int nth);
    }

    record StubResponse(int status, String body, String location) {
        StubResponse(int status, String body) {
            this(status, body, "");
        }
    }

    StubServer(Answers answers) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        server.createContext("/", exchange -> answer(exchange, answers));
        server.start();
    }

    private void answer(HttpExchange exchange, Answers answers) throws IOException {
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
            requests.add(request);
            authorizations.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
            StubResponse answer = answers.to(
                    request, (int) requests.stream().filter(request::equals).count());
            if (answer.status() == 0) {
                return; // breaks the connection
            }
            if (!answer.location().isEmpty()) {
                exchange.getResponseHeaders().set("Location", answer.location());
            }
            byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
