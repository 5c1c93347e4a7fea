package dev.streamingsaga.lra;

import dev.streamingsaga.http.BoundedHttp;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/**
 * Checks whether a URL leads to this process. It signs the response to a nonce with a key that only this object has, so
 * that neither another server nor another process with the same data can produce it.
 */
final class Ping {
    static final String PATH = CallbackListener.PATH + "/ping/";

    private static final Pattern NONCE = Pattern.compile("[0-9a-z]{26}");
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final String NONCE_CHARS = "0123456789abcdefghijklmnopqrstuvwxyz";

    private final URI base;
    private final SecureRandom random = new SecureRandom();
    private final CallbackToken signer;

    Ping(URI base) {
        this.base = base;
        byte[] key = new byte[32];
        random.nextBytes(key);
        signer = new CallbackToken(key);
    }

    URI base() {
        return base;
    }

    Optional<String> answer(String nonce) {
        return NONCE.matcher(nonce).matches()
                ? Optional.of(signer.issue(new CallbackToken.Target(nonce, 1, "ping")))
                : Optional.empty();
    }

    void check() {
        String nonce = nonce();
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + PATH + nonce))
                .timeout(TIMEOUT)
                .GET()
                .build();
        HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(TIMEOUT)
                .build();
        String problem;
        try {
            HttpResponse<String> response = BoundedHttp.send(client, request, LimitedBody.handler(), TIMEOUT);
            if (response.statusCode() == 200 && answer(nonce).orElseThrow().equals(response.body())) {
                return;
            }
            problem = "another process answers there (HTTP " + response.statusCode() + ")";
        } catch (IOException e) {
            throw new IllegalStateException(message("no server answers there: " + e), e);
        } catch (TimeoutException e) {
            problem = "no answer within " + TIMEOUT.toSeconds() + " s";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            problem = "interrupted";
        }
        throw new IllegalStateException(message(problem));
    }

    private String message(String problem) {
        return "the coordinator could not reach the callback listener at " + base
                + " (saga.callback.url, or saga.callback.host and port): " + problem
                + "; no saga starts until this is fixed";
    }

    private String nonce() {
        StringBuilder nonce = new StringBuilder();
        random.ints(26, 0, NONCE_CHARS.length()).forEach(i -> nonce.append(NONCE_CHARS.charAt(i)));
        return nonce.toString();
    }
}
