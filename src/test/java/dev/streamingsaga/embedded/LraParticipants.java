package dev.streamingsaga.embedded;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.streamingsaga.testkit.CoordinatorSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.ToIntFunction;

/**
 * Participants that a coordinator can call, and requests that begin, join and end an LRA. No Camel between test and
 * coordinator.
 */
final class LraParticipants implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    /** A received callback. */
    record Call(String lra, String participant, String action) {}

    /** In the order of their arrival. */
    final List<Call> calls = new CopyOnWriteArrayList<>();
    /** The HTTP status of the answer. */
    volatile ToIntFunction<Call> behaviour = call -> 200;

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;

    LraParticipants() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    private void answer(HttpExchange exchange) throws IOException {
        String[] path = exchange.getRequestURI().getPath().split("/");
        Call call = new Call(path[1], path[2], path[3]);
        calls.add(call);
        try (exchange) {
            exchange.sendResponseHeaders(behaviour.applyAsInt(call), -1);
        }
    }

    URI start(URI coordinator, Duration timeLimit) throws Exception {
        return URI.create(
                send("POST", URI.create(coordinator + "/start?ClientID=test&TimeLimit=" + timeLimit.toMillis()))
                        .body());
    }

    void join(URI lra, String... participants) throws Exception {
        for (String participant : participants) {
            String own = "http://127.0.0.1:" + server.getAddress().getPort() + "/" + name(lra) + "/" + participant;
            send(
                    "PUT",
                    lra,
                    "Link",
                    "<" + own + "/compensate>; rel=\"compensate\",<" + own + "/complete>; rel=\"complete\"");
        }
    }

    /** The state of the LRA afterwards. */
    String close(URI lra) throws Exception {
        return send("PUT", URI.create(lra + "/close")).body();
    }

    /** The state of the LRA afterwards. */
    String cancel(URI lra) throws Exception {
        return send("PUT", URI.create(lra + "/cancel")).body();
    }

    /** Returns after a complete recovery pass. */
    void recover(URI coordinator) throws Exception {
        send("GET", URI.create(coordinator + "/recovery"));
    }

    /** Active, Cancelled and so on, or 404. */
    String status(URI lra) throws Exception {
        HttpResponse<String> response =
                http.send(request("GET", URI.create(lra + "/status")), HttpResponse.BodyHandlers.ofString());
        return response.statusCode() == 200 ? response.body() : String.valueOf(response.statusCode());
    }

    List<String> compensated(URI lra) {
        return calls.stream()
                .filter(call -> call.lra().equals(name(lra)) && call.action().equals("compensate"))
                .map(Call::participant)
                .toList();
    }

    List<String> completed(URI lra) {
        return calls.stream()
                .filter(call -> call.lra().equals(name(lra)) && call.action().equals("complete"))
                .map(Call::participant)
                .toList();
    }

    static String name(URI lra) {
        return lra.getPath().substring(lra.getPath().lastIndexOf('/') + 1);
    }

    private HttpResponse<String> send(String method, URI uri, String... headers) throws Exception {
        HttpResponse<String> response = http.send(request(method, uri, headers), HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() >= 300) {
            throw new IOException(method + " " + uri + ": " + response.statusCode() + " " + response.body());
        }
        return response;
    }

    private static HttpRequest request(String method, URI uri, String... headers) {
        HttpRequest.Builder request =
                CoordinatorSettings.request(uri).timeout(TIMEOUT).method(method, HttpRequest.BodyPublishers.noBody());
        return (headers.length == 0 ? request : request.headers(headers)).build();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
