package dev.streamingsaga.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.UnavailableException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;

/** An operation that a service begins, or continues, each time it is asked, and answers with how far it is. */
final class RemoteOperation {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final URI operation;
    private final String key;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(LIMIT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    /**
     * @param base URL of the service
     * @param path of the operation, with its query
     * @param key empty if the service requires none
     * @throws UsageException if it is no HTTP URL
     */
    RemoteOperation(URI base, String path, String key) {
        if (base.getHost() == null || !List.of("http", "https").contains(base.getScheme())) {
            throw new UsageException("--url must be an http or https URL");
        }
        this.operation = URI.create(base.toString().replaceFirst("/+$", "") + path);
        this.key = key;
    }

    /**
     * Lets the service begin, or continue, and returns how far it is.
     *
     * @throws UsageException if the service refuses
     * @throws UnavailableException if it does not answer
     */
    JsonNode send() throws InterruptedException {
        return send(HttpRequest.newBuilder(operation).POST(BodyPublishers.noBody()));
    }

    /** As {@link #send}, but only reads how far it is. */
    JsonNode progress() throws InterruptedException {
        return send(HttpRequest.newBuilder(operation).GET());
    }

    private JsonNode send(HttpRequest.Builder request) throws InterruptedException {
        if (!key.isEmpty()) {
            request.header("Authorization", "Bearer " + key);
        }
        HttpResponse<String> response;
        try {
            response = client.send(request.timeout(LIMIT).build(), BodyHandlers.ofString());
            if (response.statusCode() < 300) {
                return JSON.readTree(response.body());
            }
        } catch (IOException e) {
            throw new UnavailableException(operation + " does not answer: " + e, e);
        }
        String message = operation + " answers " + response.statusCode() + hint(response);
        if (response.statusCode() >= 500) {
            throw new UnavailableException(message, null);
        }
        throw new UsageException(message);
    }

    private static String hint(HttpResponse<String> response) {
        return switch (response.statusCode()) {
            case 401 -> ": it requires a valid key; set one with --key or SAGA_KEY";
            case 403 -> ": the key lacks the scope operate";
            case 404 -> ": it is no service of this version";
            default -> detail(response.body());
        };
    }

    private static String detail(String problem) {
        try {
            String detail = JSON.readTree(problem).path("detail").asText();
            return detail.isEmpty() ? "" : ": " + detail;
        } catch (IOException e) {
            return "";
        }
    }
}
