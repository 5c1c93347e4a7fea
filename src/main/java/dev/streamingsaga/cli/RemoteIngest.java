package dev.streamingsaga.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.embedded.UnavailableException;
import dev.streamingsaga.ingest.IngestResult;
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
import java.util.concurrent.TimeUnit;

/** Sends files to a running instance and waits for their outcomes. A busy one is asked again, as long as it says when. */
final class RemoteIngest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int WAIT_SECONDS = 60;
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final int BUSY_ATTEMPTS = 60;
    private static final int LONGEST_PAUSE_SECONDS = 60;

    private final URI base;
    private final String key;
    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NEVER).build();

    /** @param key empty if the instance wants none */
    RemoteIngest(URI base, String key) {
        this.base = URI.create(base.toString().replaceFirst("/+$", ""));
        this.key = key;
    }

    /**
     * @throws UsageException if the file or the request is refused
     * @throws UnavailableException if nobody answers there
     */
    IngestResult ingest(Path file) throws InterruptedException {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new UsageException(file + " is no file that can be read; nothing was sent");
        }
        try {
            HttpResponse<String> answer = put(file);
            for (int busy = 1; answer.statusCode() == 429 && busy < BUSY_ATTEMPTS; busy++) {
                TimeUnit.SECONDS.sleep(pause(answer));
                answer = put(file);
            }
            return outcome(answer);
        } catch (IOException e) {
            throw new UnavailableException(base + " does not answer: " + e + "; " + file + " may have to be sent again", e);
        }
    }

    private HttpResponse<String> put(Path file) throws IOException, InterruptedException {
        String name = URLEncoder.encode(String.valueOf(file.getFileName()), StandardCharsets.UTF_8).replace("+", "%20");
        // Without "Expect" a refusal would only be heard after the whole file was sent.
        return client.send(request("/api/documents/" + name).expectContinue(true).header("Prefer", "wait=" + WAIT_SECONDS)
                .PUT(BodyPublishers.ofFile(file)).build(), BodyHandlers.ofString());
    }

    private IngestResult outcome(HttpResponse<String> put) throws IOException, InterruptedException {
        HttpResponse<String> answer = put;
        while (answer.statusCode() == 202) {
            String sagaId = JSON.readTree(answer.body()).path("sagaId").asText();
            if (!sagaId.matches("[0-9a-z]{1,64}")) {
                throw new IOException("its answer names no saga");
            }
            answer = client.send(request("/api/sagas/" + sagaId + "/outcome").timeout(Duration.ofSeconds(3L * WAIT_SECONDS))
                    .header("Prefer", "wait=" + WAIT_SECONDS).GET().build(), BodyHandlers.ofString());
        }
        if (answer.statusCode() == 200) {
            return JSON.readValue(answer.body(), IngestResult.class);
        }
        JsonNode problem = answer.body().startsWith("{") ? JSON.readTree(answer.body()) : JSON.createObjectNode();
        String why = base + " answers " + answer.statusCode() + ": " + problem.path("detail").asText("no reason given");
        if (answer.statusCode() == 429 || answer.statusCode() >= 500) {
            throw new UnavailableException(why, null);
        }
        throw new UsageException(why);
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path));
        return key.isEmpty() ? request : request.header("Authorization", "Bearer " + key);
    }

    private static int pause(HttpResponse<?> answer) {
        return answer.headers().firstValue("Retry-After").filter(seconds -> seconds.matches("\\d{1,4}")).map(Integer::parseInt)
                .map(seconds -> Math.max(1, Math.min(LONGEST_PAUSE_SECONDS, seconds))).orElse(5);
    }
}
