package dev.streamingsaga.http;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sends HTTP requests with a time limit for the whole response, body included: the time-out of {@link HttpRequest}
 * covers only the response headers.
 *
 * <p>Each request has its own thread. {@link HttpClient#sendAsync} completes in the JVM's common pool, whatever
 * executor the client has. On Java 25 that pool has a single thread on two cores, and a saga started from that thread
 * would wait for itself.
 */
public final class BoundedHttp {
    private static final AtomicLong COUNT = new AtomicLong();

    private BoundedHttp() {}

    /**
     * Sends a request and waits for the response.
     *
     * @param limit for the whole exchange
     * @throws TimeoutException if the limit passed; the exchange is cancelled
     * @throws InterruptedException if the caller was interrupted; the exchange is cancelled
     */
    public static <T> HttpResponse<T> send(HttpClient client, HttpRequest request, BodyHandler<T> body, Duration limit)
            throws IOException, TimeoutException, InterruptedException {
        FutureTask<HttpResponse<T>> exchange = new FutureTask<>(() -> client.send(request, body));
        Thread thread = new Thread(exchange, "saga-http-" + COUNT.incrementAndGet());
        thread.setDaemon(true);
        thread.start();
        try {
            return exchange.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } finally {
            exchange.cancel(true);
        }
    }
}
