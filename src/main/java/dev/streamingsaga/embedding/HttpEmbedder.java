package dev.streamingsaga.embedding;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.ServerConfig;
import dev.streamingsaga.http.BoundedHttp;
import dev.streamingsaga.http.HttpStatusException;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A model behind an HTTP endpoint with OpenAI's embeddings API ({@code POST {"model","input":[…]}}), which most servers
 * offer. If the server is busy or fails (429, 5xx, no connection, timeout), a request is tried {@value #ATTEMPTS} times
 * in all with growing delays; other errors fail at once. Redirects are not followed, since the key is meant for one
 * server.
 */
final class HttpEmbedder implements Embedder {
    private static final int ATTEMPTS = 4;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    private static final int TOO_MANY_REQUESTS = 429;

    /** Longest number: sign, 17 digits, exponent and comma. */
    private static final int CHARS_PER_NUMBER = 26;

    /** Allowance for the rest of the response. */
    private static final int OTHER_CHARS = 64 * 1024;

    private final ServerConfig.Embedding config;
    private final URI url;
    private final TokenCounter tokens;
    private final HttpClient client;
    private final ObjectMapper json = new ObjectMapper();

    HttpEmbedder(ServerConfig.Embedding config, TokenCounter tokens) {
        this.config = config;
        this.url = config.url().orElseThrow();
        this.tokens = tokens;
        this.client = HttpClient.newBuilder()
                .connectTimeout(config.timeout())
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();
    }

    @Override
    public String modelId() {
        return config.model();
    }

    /** As configured; each response is checked against it. */
    @Override
    public int dimension() {
        return config.dimension();
    }

    @Override
    public int maxTokens() {
        return tokens.max();
    }

    @Override
    public int countTokens(String text) {
        return tokens.count(text);
    }

    @Override
    public float[] embedQuery(String text) {
        return embed(List.of(text)).get(0);
    }

    @Override
    public List<float[]> embed(List<String> texts) {
        for (String text : texts) {
            if (countTokens(text) > maxTokens()) {
                throw new IllegalArgumentException("a text of about %d tokens is too long for model %s, which takes %d"
                        .formatted(countTokens(text), modelId(), maxTokens()));
            }
        }
        List<float[]> vectors = new ArrayList<>();
        for (int from = 0; from < texts.size(); from += config.batchSize()) {
            List<String> batch = texts.subList(from, Math.min(texts.size(), from + config.batchSize()));
            vectors.addAll(vectors(post(batch), batch.size()));
        }
        return vectors;
    }

    private byte[] post(List<String> texts) {
        HttpRequest request = request(texts);
        try {
            for (int attempt = 1; ; attempt++) {
                EndpointResult result = send(request, texts.size());
                if (result.body() != null) {
                    return result.body();
                }
                if (!result.retryable() || attempt == ATTEMPTS) {
                    throw new SagaException(
                            Reason.STORE_FAILED,
                            "model %s at %s failed: %s, attempt %d of %d"
                                    .formatted(modelId(), url.getAuthority(), result.problem(), attempt, ATTEMPTS),
                            result.cause());
                }
                Duration delay = FIRST_PAUSE.multipliedBy(1L << (attempt - 1));
                TimeUnit.MILLISECONDS.sleep(
                        Math.max(delay.toMillis(), result.pause().toMillis()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SagaException(Reason.CANCELLED, "embedding was interrupted", e);
        }
    }

    private HttpRequest request(List<String> texts) {
        try {
            byte[] body =
                    json.writeValueAsBytes(Map.of("model", config.model(), "input", texts, "encoding_format", "float"));
            HttpRequest.Builder request = HttpRequest.newBuilder(url)
                    .timeout(config.timeout())
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(body));
            if (!config.apiKey().isEmpty()) {
                request.header("Authorization", "Bearer " + config.apiKey());
            }
            return request.build();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e); // strings only
        }
    }

    /**
     * The result of one attempt: a body, or a problem that may be temporary; then retry after {@code pause} at the
     * earliest.
     */
    private record EndpointResult(
            byte @Nullable [] body,
            String problem,
            boolean retryable,
            Duration pause,
            @Nullable IOException cause) {}

    private EndpointResult send(HttpRequest request, int texts) throws InterruptedException {
        long limit = (long) texts * config.dimension() * CHARS_PER_NUMBER + OTHER_CHARS;
        try {
            HttpResponse<byte[]> response =
                    BoundedHttp.send(client, request, info -> new BoundedBody(limit), config.timeout());
            int status = response.statusCode();
            if (status == 200) {
                return new EndpointResult(response.body(), "", false, Duration.ZERO, null);
            }
            return new EndpointResult(
                    null,
                    "status " + status,
                    status == TOO_MANY_REQUESTS || status >= 500,
                    retryAfter(response),
                    new HttpStatusException(status));
        } catch (TimeoutException e) {
            String problem = "no answer within " + config.timeout().toMillis() + " ms";
            return new EndpointResult(null, problem, true, Duration.ZERO, new HttpTimeoutException(problem));
        } catch (IOException e) {
            return new EndpointResult(
                    null, e.toString(), !(e.getCause() instanceof BoundedBody.TooLong), Duration.ZERO, e);
        }
    }

    private static Duration retryAfter(HttpResponse<?> response) {
        return response.headers()
                .firstValue("Retry-After")
                .filter(seconds -> seconds.matches("\\d{1,6}"))
                .map(seconds -> Duration.ofSeconds(Math.min(LONGEST_PAUSE.toSeconds(), Long.parseLong(seconds))))
                .orElse(Duration.ZERO);
    }

    private List<float[]> vectors(byte[] body, int expected) {
        float[][] vectors = new float[expected][];
        try {
            int position = 0;
            for (JsonNode entry : json.readTree(body).path("data")) {
                int index = entry.path("index").asInt(position++);
                if (index < 0 || index >= expected || vectors[index] != null) {
                    throw unusable("index " + index + " is not one of " + expected);
                }
                vectors[index] = vector(entry.path("embedding"));
            }
        } catch (IOException e) {
            throw unusable("it is not JSON");
        }
        if (Arrays.asList(vectors).contains(null)) {
            throw unusable("there are fewer vectors than texts");
        }
        return List.of(vectors);
    }

    private float[] vector(JsonNode numbers) {
        if (numbers.size() != config.dimension()) {
            throw unusable("a vector has %d dimensions, saga.embedding.dimension is %d"
                    .formatted(numbers.size(), config.dimension()));
        }
        float[] vector = new float[numbers.size()];
        for (int i = 0; i < vector.length; i++) {
            if (!numbers.get(i).isNumber()) {
                throw unusable("a vector contains a value that is not a number");
            }
            vector[i] = numbers.get(i).floatValue();
        }
        return Vectors.normalize(vector);
    }

    private SagaException unusable(String reason) {
        return new SagaException(
                Reason.STORE_FAILED,
                "the response of model %s at %s cannot be used: %s".formatted(modelId(), url.getAuthority(), reason));
    }

    @Override
    public void close() {
        tokens.close(); // the client's threads end when it is no longer used
    }
}
