package dev.streamingsaga.crash;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A robust client of the API. With {@code saga.duplicates=skip} it resends the file after a broken connection, and gets
 * the same document. Otherwise it first checks whether a saga already has the file.
 */
final class HttpSender {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration REQUEST_LIMIT = Duration.ofSeconds(90);

    private final Path data;
    private final boolean asksFirst;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private final AtomicInteger broken = new AtomicInteger();

    HttpSender(Path data, boolean asksFirst) {
        this.data = data;
        this.asksFirst = asksFirst;
    }

    /**
     * Connections that broke after the request was sent: a kill causes that, a server that is still starting does not.
     */
    int broken() {
        return broken.get();
    }

    /**
     * @param again whether an earlier attempt has an unknown result
     * @return the outcome; empty: try again
     */
    Optional<JsonNode> put(Path file, boolean again) throws InterruptedException {
        String name = URLEncoder.encode(file.getFileName().toString(), StandardCharsets.UTF_8);
        return attempt(file, again, () -> request("/api/documents/" + name).PUT(BodyPublishers.ofFile(file)));
    }

    /** Sends as {@link #put} does, for a file that the server reads itself. */
    Optional<JsonNode> post(Path file, boolean again) throws InterruptedException {
        return attempt(
                file,
                again,
                () -> request("/api/documents")
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(JSON.writeValueAsString(Map.of("path", file.toString())))));
    }

    private interface RequestFactory {
        HttpRequest.Builder make() throws IOException;
    }

    private Optional<JsonNode> attempt(Path file, boolean again, RequestFactory request) throws InterruptedException {
        try {
            Optional<String> known = again && asksFirst ? saga(file) : Optional.empty();
            HttpResponse<String> answer = send(
                    known.isPresent()
                            ? request("/api/sagas/" + known.get() + "/outcome").GET()
                            : request.make());
            if (answer.statusCode() == 200) {
                return Optional.of(JSON.readTree(answer.body()));
            }
            if (answer.statusCode() != 202 && answer.statusCode() != 429 && answer.statusCode() != 503) {
                throw new IllegalStateException(file + ": " + answer.statusCode() + " " + answer.body());
            }
            return Optional.empty();
        } catch (java.net.ConnectException | FileNotFoundException | java.nio.file.NoSuchFileException e) {
            return Optional.empty(); // not started (yet)
        } catch (IOException e) {
            broken.incrementAndGet();
            return Optional.empty();
        }
    }

    /** The saga that has the file, if there is one: it may have been journaled, and only the response lost. */
    private Optional<String> saga(Path file) throws IOException, InterruptedException {
        HttpResponse<String> list = send(request("/api/sagas?limit=200").GET());
        if (list.statusCode() != 200) {
            throw new java.net.ConnectException("the server is still starting: cannot list the sagas");
        }
        for (JsonNode saga : JSON.readTree(list.body()).path("sagas")) {
            if (Path.of(saga.path("file").asText()).endsWith(file.getFileName())) {
                return Optional.of(saga.path("sagaId").asText());
            }
        }
        return Optional.empty();
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.timeout(REQUEST_LIMIT).build(), BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) throws IOException {
        List<String> ports = Files.readAllLines(data.resolve("http.port"));
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + ports.get(ports.size() - 1) + path))
                .header("Prefer", "wait=60");
    }
}
