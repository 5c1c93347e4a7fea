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

/** Asks a service to drain, and how far it is. */
final class RemoteDrain {
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
     * @param key empty if the service requires none
     * @throws UsageException if it is no HTTP URL
     */
    RemoteDrain(URI base, String key) {
        if (base.getHost() == null || !List.of("http", "https").contains(base.getScheme())) {
            throw new UsageException("--url must be an http or https URL");
        }
        this.operation = URI.create(base.toString().replaceFirst("/+$", "") + "/api/drain");
        this.key = key;
    }

    /**
     * Lets the service begin, or continue, and returns how far it is.
     *
     * @throws UsageException if the service refuses
     * @throws UnavailableException if it does not answer
     */
    JsonNode send() throws InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(operation).POST(BodyPublishers.noBody());
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
        String message = operation + " answers " + response.statusCode() + hint(response.statusCode());
        if (response.statusCode() >= 500) {
            throw new UnavailableException(message, null);
        }
        throw new UsageException(message);
    }

    private static String hint(int status) {
        return switch (status) {
            case 401 -> ": it requires a valid key; set one with --key or SAGA_KEY";
            case 403 -> ": the key lacks the scope operate";
            case 404 -> ": it is no service of this version";
            default -> "";
        };
    }
}
