package dev.streamingsaga.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.UnavailableException;
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
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.TimeUnit;

/**
 * Sends files to a running instance and waits for their outcomes. One that is busy, or starts or stops, is asked again
 * when it says so.
 */
final class RemoteIngest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int WAIT_SECONDS = 60;
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final int BUSY_ATTEMPTS = 60;
    /** A service that starts or stops is there by then, or somebody has to look. */
    private static final Duration STARTING = Duration.ofMinutes(1);

    private static final int LONGEST_PAUSE_SECONDS = 60;
    private static final int MAX_ANSWER_BYTES = 16 * 1024 * 1024;

    private final URI base;
    private final String key;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

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
            String digest = digest(file);
            return outcome(withRetries(() -> put(file, digest)));
        } catch (IOException e) {
            throw new UnavailableException(
                    base + " does not answer: " + e + "; " + file + " may have to be sent again", e);
        }
    }

    private interface Question {
        RemoteIngest.ServerAnswer ask() throws IOException, InterruptedException;
    }

    private static RemoteIngest.ServerAnswer withRetries(Question question) throws IOException, InterruptedException {
        long began = System.nanoTime();
        RemoteIngest.ServerAnswer answer = question.ask();
        for (int attempt = 1; isRetryable(answer, attempt, System.nanoTime() - began); attempt++) {
            TimeUnit.SECONDS.sleep(pause(answer));
            answer = question.ask();
        }
        return answer;
    }

    private static boolean isRetryable(RemoteIngest.ServerAnswer answer, int attempt, long nanos) {
        return switch (answer.statusCode()) {
            case 429 -> attempt < BUSY_ATTEMPTS;
            case HttpURLConnection.HTTP_UNAVAILABLE -> nanos < STARTING.toNanos();
            default -> false;
        };
    }

    /** @param retryAfter as the server sent it; empty if it did not */
    private record ServerAnswer(int statusCode, String body, String retryAfter) {}

    /** Read before it is sent, so that a body that was damaged on its way is refused before it is stored. */
    private static String digest(Path file) throws IOException {
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(OutputStream.nullOutputStream());
            byte[] digest = ((DigestInputStream) in).getMessageDigest().digest();
            return "sha-256=:" + Base64.getEncoder().encodeToString(digest) + ":";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * With "Expect", so that a refusal is heard before the whole file was sent. {@link HttpClient} of Java 17 waits for
     * ever where such a request is refused; the older one does not.
     */
    private RemoteIngest.ServerAnswer put(Path file, String digest) throws IOException {
        // As the service would call the file if it lay there.
        String stated = DocumentName.cleaned(String.valueOf(file.getFileName()));
        String name = URLEncoder.encode(stated, StandardCharsets.UTF_8).replace("+", "%20");
        HttpURLConnection put = (HttpURLConnection)
                URI.create(base + "/api/documents/" + name).toURL().openConnection();
        try {
            put.setRequestMethod("PUT");
            put.setDoOutput(true);
            put.setInstanceFollowRedirects(false);
            put.setConnectTimeout((int) CONNECT.toMillis());
            put.setReadTimeout(3 * WAIT_SECONDS * 1000);
            put.setFixedLengthStreamingMode(Files.size(file));
            put.setRequestProperty("Expect", "100-continue");
            put.setRequestProperty("Content-Type", "application/octet-stream");
            put.setRequestProperty("Repr-Digest", digest);
            put.setRequestProperty("Prefer", "wait=" + WAIT_SECONDS);
            if (!key.isEmpty()) {
                put.setRequestProperty("Authorization", "Bearer " + key);
            }
            if (!send(file, put)) {
                // To ask for anything but the status would send the request once more.
                return new RemoteIngest.ServerAnswer(put.getResponseCode(), "", "");
            }
            String retryAfter = put.getHeaderField("Retry-After");
            return new RemoteIngest.ServerAnswer(
                    put.getResponseCode(), body(put), retryAfter == null ? "" : retryAfter);
        } finally {
            put.disconnect();
        }
    }

    /** @return false if it was refused before anything was sent */
    private static boolean send(Path file, HttpURLConnection put) throws IOException {
        try (OutputStream out = put.getOutputStream()) {
            Files.copy(file, out);
            return true;
        } catch (ProtocolException e) {
            // Refused; if there is no answer either, asking for it fails.
            if (put.getResponseCode() < 0) {
                throw e;
            }
            return false;
        }
    }

    private static String body(HttpURLConnection put) throws IOException {
        try (InputStream body = put.getResponseCode() < 400 ? put.getInputStream() : put.getErrorStream()) {
            return body == null ? "" : new String(body.readNBytes(MAX_ANSWER_BYTES), StandardCharsets.UTF_8);
        }
    }

    private IngestResult outcome(RemoteIngest.ServerAnswer put) throws IOException, InterruptedException {
        RemoteIngest.ServerAnswer answer = put;
        while (answer.statusCode() == 202) {
            String sagaId = JSON.readTree(answer.body()).path("sagaId").asText();
            if (!sagaId.matches("[0-9a-z]{1,64}")) {
                throw new IOException("its answer names no saga");
            }
            answer = withRetries(() -> fetchOutcome(sagaId));
        }
        if (answer.statusCode() == 200) {
            return JSON.readValue(answer.body(), IngestResult.class);
        }
        JsonNode problem = answer.body().startsWith("{") ? JSON.readTree(answer.body()) : JSON.createObjectNode();
        String why = base + " answers " + answer.statusCode() + ": "
                + problem.path("detail").asText(hint(answer.statusCode()));
        if (answer.statusCode() == 429 || answer.statusCode() >= 500) {
            throw new UnavailableException(why, null);
        }
        throw new UsageException(why);
    }

    private RemoteIngest.ServerAnswer fetchOutcome(String sagaId) throws IOException, InterruptedException {
        HttpResponse<String> outcome = client.send(
                request("/api/sagas/" + sagaId + "/outcome")
                        .timeout(Duration.ofSeconds(3L * WAIT_SECONDS))
                        .header("Prefer", "wait=" + WAIT_SECONDS)
                        .GET()
                        .build(),
                BodyHandlers.ofString());
        return new RemoteIngest.ServerAnswer(
                outcome.statusCode(),
                outcome.body(),
                outcome.headers().firstValue("Retry-After").orElse(""));
    }

    /** Of an answer to a body that was not even wanted, the old client keeps only the status. */
    private static String hint(int status) {
        return switch (status) {
            case 401 -> "it wants a key that it knows; give one with --key or SAGA_KEY";
            case 403 -> "the key lacks the scope ingest";
            case 413 -> "the file is larger than its saga.file.max-size";
            case 507 -> "its disk is full";
            default -> "its log says more";
        };
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path));
        return key.isEmpty() ? request : request.header("Authorization", "Bearer " + key);
    }

    private static int pause(RemoteIngest.ServerAnswer answer) {
        return answer.retryAfter().matches("\\d{1,4}")
                ? Math.max(1, Math.min(LONGEST_PAUSE_SECONDS, Integer.parseInt(answer.retryAfter())))
                : 5;
    }
}
