package dev.streamingsaga.cli;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.intake.DocumentName;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.ProtocolException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Sends files to a running instance and waits for their outcomes. Retries while the instance is busy, starts or stops,
 * as its {@code Retry-After} says.
 */
final class RemoteIngest {
    /** A newer instance may add fields. */
    private static final ObjectMapper JSON =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private static final int WAIT_SECONDS = 60;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final int BUSY_ATTEMPTS = 60;
    /** How long to retry while the service is unavailable. */
    private static final Duration UNAVAILABLE_LIMIT = Duration.ofMinutes(1);

    private static final int MAX_PAUSE_SECONDS = 60;
    private static final int MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

    private final URI base;
    private final String key;
    private final Optional<String> owner;
    private final Optional<String> classification;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    /**
     * @param key empty if the instance requires none
     * @param owner of the documents; empty: the instance decides
     * @param classification of the documents; empty: the instance decides
     */
    RemoteIngest(URI base, String key, Optional<String> owner, Optional<String> classification) {
        this.owner = owner;
        this.classification = classification;
        this.base = URI.create(base.toString().replaceFirst("/+$", ""));
        this.key = key;
    }

    /**
     * @throws UsageException if the file or the request is rejected
     * @throws UnavailableException if the instance does not answer
     */
    IngestResult ingest(Path file) throws InterruptedException {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new UsageException(file + " is not a readable file; nothing was sent");
        }
        try {
            String digest = digest(file);
            return outcome(withRetries(() -> put(file, digest)));
        } catch (IOException e) {
            throw new UnavailableException(base + " does not answer: " + e + "; send " + file + " again later", e);
        }
    }

    private interface ServerCall {
        RemoteIngest.ServerResponse send() throws IOException, InterruptedException;
    }

    private static RemoteIngest.ServerResponse withRetries(ServerCall call) throws IOException, InterruptedException {
        long began = System.nanoTime();
        RemoteIngest.ServerResponse response = call.send();
        for (int attempt = 1; isRetryable(response, attempt, System.nanoTime() - began); attempt++) {
            TimeUnit.SECONDS.sleep(pause(response));
            response = call.send();
        }
        return response;
    }

    private static boolean isRetryable(RemoteIngest.ServerResponse response, int attempt, long nanos) {
        return switch (response.statusCode()) {
            case 429 -> attempt < BUSY_ATTEMPTS;
            case HttpURLConnection.HTTP_UNAVAILABLE -> nanos < UNAVAILABLE_LIMIT.toNanos();
            default -> false;
        };
    }

    /** @param retryAfter as the server sent it; empty if it did not */
    private record ServerResponse(int statusCode, String body, String retryAfter) {}

    /** Reads the file before the upload, so that the instance rejects a body damaged in transit before it stores it. */
    private static String digest(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return "sha-256=:"
                    + Base64.getEncoder().encodeToString(HexFormat.of().parseHex(Sha256.of(in))) + ":";
        }
    }

    /**
     * Uses "Expect: 100-continue", so that the instance can reject the request before the file is sent.
     * {@link HttpURLConnection}, because {@link HttpClient} of Java 17 waits forever if such a request is rejected.
     */
    private RemoteIngest.ServerResponse put(Path file, String digest) throws IOException {
        // The name that the service would give a local file.
        String fileName = DocumentName.cleaned(String.valueOf(file.getFileName()));
        String name = encoded(fileName);
        HttpURLConnection put = (HttpURLConnection)
                URI.create(base + "/api/documents/" + name).toURL().openConnection();
        try {
            put.setRequestMethod("PUT");
            put.setDoOutput(true);
            put.setInstanceFollowRedirects(false);
            put.setConnectTimeout((int) CONNECT_TIMEOUT.toMillis());
            put.setReadTimeout(3 * WAIT_SECONDS * 1000);
            put.setFixedLengthStreamingMode(Files.size(file));
            put.setRequestProperty("Expect", "100-continue");
            put.setRequestProperty("Content-Type", "application/octet-stream");
            put.setRequestProperty("Repr-Digest", digest);
            put.setRequestProperty("Prefer", "wait=" + WAIT_SECONDS);
            owner.ifPresent(value -> put.setRequestProperty("Saga-Owner", encoded(value)));
            classification.ifPresent(word -> put.setRequestProperty("Saga-Classification", encoded(word)));
            if (!key.isEmpty()) {
                put.setRequestProperty("Authorization", "Bearer " + key);
            }
            if (!send(file, put)) {
                // Reading anything but the status would send the request again.
                return new RemoteIngest.ServerResponse(put.getResponseCode(), "", "");
            }
            String retryAfter = put.getHeaderField("Retry-After");
            return new RemoteIngest.ServerResponse(
                    put.getResponseCode(), body(put), retryAfter == null ? "" : retryAfter);
        } finally {
            put.disconnect();
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** @return false if the request was rejected before the body was sent */
    private static boolean send(Path file, HttpURLConnection put) throws IOException {
        try (OutputStream out = put.getOutputStream()) {
            Files.copy(file, out);
            return true;
        } catch (ProtocolException e) {
            // Rejected. Without a response status, the connection failed instead.
            if (put.getResponseCode() < 0) {
                throw e;
            }
            return false;
        }
    }

    private static String body(HttpURLConnection put) throws IOException {
        try (InputStream body = put.getResponseCode() < 400 ? put.getInputStream() : put.getErrorStream()) {
            return body == null ? "" : new String(body.readNBytes(MAX_RESPONSE_BYTES), StandardCharsets.UTF_8);
        }
    }

    private IngestResult outcome(RemoteIngest.ServerResponse put) throws IOException, InterruptedException {
        RemoteIngest.ServerResponse response = put;
        while (response.statusCode() == 202) {
            String sagaId = JSON.readTree(response.body()).path("sagaId").asText();
            if (!sagaId.matches("[0-9a-z]{1,64}")) {
                throw new IOException("its response has no saga id");
            }
            response = withRetries(() -> fetchOutcome(sagaId));
        }
        if (response.statusCode() == 200) {
            return JSON.readValue(response.body(), IngestResult.class);
        }
        JsonNode problem = response.body().startsWith("{") ? JSON.readTree(response.body()) : JSON.createObjectNode();
        String message = base + " answers " + response.statusCode() + ": "
                + problem.path("detail").asText(hint(response.statusCode()));
        if (response.statusCode() == 429 || response.statusCode() >= 500) {
            throw new UnavailableException(message, null);
        }
        throw new UsageException(message);
    }

    private RemoteIngest.ServerResponse fetchOutcome(String sagaId) throws IOException, InterruptedException {
        HttpResponse<String> outcome = client.send(
                request("/api/sagas/" + sagaId + "/outcome")
                        .timeout(Duration.ofSeconds(3L * WAIT_SECONDS))
                        .header("Prefer", "wait=" + WAIT_SECONDS)
                        .GET()
                        .build(),
                BodyHandlers.ofString());
        return new RemoteIngest.ServerResponse(
                outcome.statusCode(),
                outcome.body(),
                outcome.headers().firstValue("Retry-After").orElse(""));
    }

    /** Explains a status without a body: after a rejected "Expect" the client keeps only the status. */
    private static String hint(int status) {
        return switch (status) {
            case 401 -> "it requires a valid key; set one with --key or SAGA_KEY";
            case 403 -> "the key lacks the scope ingest, or may not store documents of this owner and classification";
            case 413 -> "the file is larger than its saga.file.max-size";
            case 507 -> "its disk is full";
            default -> "see its log";
        };
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path));
        return key.isEmpty() ? request : request.header("Authorization", "Bearer " + key);
    }

    private static int pause(RemoteIngest.ServerResponse response) {
        return response.retryAfter().matches("\\d{1,4}")
                ? Math.max(1, Math.min(MAX_PAUSE_SECONDS, Integer.parseInt(response.retryAfter())))
                : 5;
    }
}
