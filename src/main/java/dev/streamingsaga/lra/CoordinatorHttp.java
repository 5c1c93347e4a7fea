package dev.streamingsaga.lra;

import dev.streamingsaga.http.BoundedHttp;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.lra.LocalCoordinator.CoordinatorCall;
import dev.streamingsaga.probe.SideEffects;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;

/**
 * Sends a request to the coordinator, by HTTP or to the one in this process, and waits for the complete response. The
 * time-out covers up to three attempts and the pauses between them. Retries a connection that fails or breaks, and the
 * statuses that the caller names. Does not retry if the coordinator accepts the request and sends no response: that
 * would only double the wait.
 */
final class CoordinatorHttp implements AutoCloseable {
    private static final int ATTEMPTS = 3;
    private static final long PAUSE_MILLIS = 200;
    private static final Duration MAX_CONNECT = Duration.ofSeconds(3);

    private final Duration timeout;
    private final CoordinatorAccess access;
    private final ExecutorService threads = Executors.newFixedThreadPool(2, new NamedThreads("saga-lra-http", true));
    private final ExecutorService localCalls = Executors.newCachedThreadPool(new NamedThreads("saga-lra-local", true));
    private final HttpClient client;

    CoordinatorHttp(Duration timeout, CoordinatorAccess access) {
        this.timeout = timeout;
        this.access = access;
        // HTTP/1.1 only: some coordinators and proxies hang on an offered upgrade to HTTP/2.
        client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(timeout.compareTo(MAX_CONNECT) < 0 ? timeout : MAX_CONNECT)
                .followRedirects(HttpClient.Redirect.NEVER)
                .executor(threads)
                .build();
    }

    HttpClient client() {
        return client;
    }

    Duration timeout() {
        return timeout;
    }

    /**
     * @param operation for messages; the text after "; " says what happens next if it fails
     * @param retryStatus statuses to retry
     * @throws SagaException COORDINATOR_UNAVAILABLE if no response arrived in time
     */
    CoordinatorResponse send(
            String operation, URI uri, UnaryOperator<HttpRequest.Builder> request, IntPredicate retryStatus) {
        long deadline = System.nanoTime() + timeout.toNanos();
        for (int attempt = 1; ; attempt++) {
            try {
                CoordinatorResponse response = once(authorized(request.apply(HttpRequest.newBuilder(uri))), deadline);
                if (attempt == ATTEMPTS || !retryStatus.test(response.statusCode()) || !pause(attempt, deadline)) {
                    return response;
                }
            } catch (IOException | TimeoutException e) {
                boolean again = attempt < ATTEMPTS && isConnectionFailure(e);
                if (!again || !pause(attempt, deadline)) {
                    throw unavailable(operation, uri, attempt, e);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw unavailable(operation, uri, attempt, e);
            }
        }
    }

    /**
     * Adds the secret, if there is one.
     *
     * @param request to the coordinator
     */
    HttpRequest.Builder authorized(HttpRequest.Builder request) {
        access.secret().ifPresent(bearer -> request.setHeader(CoordinatorSecret.HEADER, bearer.header()));
        return request;
    }

    private CoordinatorResponse once(HttpRequest.Builder request, long deadline)
            throws IOException, TimeoutException, InterruptedException {
        Duration remaining = Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
        HttpRequest bounded = request.timeout(remaining).build();
        try (SideEffects.Span watched = SideEffects.begin(
                "coordinator", bounded.method() + " " + bounded.uri().getPath())) {
            return isLocal(bounded.uri())
                    ? local(bounded, remaining)
                    : CoordinatorResponse.of(BoundedHttp.send(client, bounded, LimitedBody.handler(), remaining));
        }
    }

    /** An LRA of a former port is not known to the coordinator in this process, under that URL. */
    private boolean isLocal(URI uri) {
        return access.local().isPresent()
                && uri.getRawAuthority().equals(access.scope().coordinator().getRawAuthority());
    }

    /** On a thread of its own, since only then the wait can end before the call, which is never interrupted. */
    private CoordinatorResponse local(HttpRequest request, Duration limit)
            throws IOException, TimeoutException, InterruptedException {
        CoordinatorCall call = new CoordinatorCall(
                request.method(), request.uri(), request.headers().map());
        try {
            Future<CoordinatorResponse> answer =
                    localCalls.submit(() -> access.local().orElseThrow().answer(call));
            return answer.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            throw new IOException("the saga service has stopped", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        }
    }

    private static boolean isConnectionFailure(Exception e) {
        return e instanceof HttpConnectTimeoutException
                || (e instanceof IOException && !(e instanceof HttpTimeoutException));
    }

    private static boolean pause(int attempt, long deadline) {
        long millis = PAUSE_MILLIS << (2 * (attempt - 1));
        if (deadline - System.nanoTime() <= TimeUnit.MILLISECONDS.toNanos(millis)) {
            return false;
        }
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private SagaException unavailable(String operation, URI uri, int attempt, Exception cause) {
        String detail = cause instanceof IOException && isConnectionFailure(cause)
                ? cause.toString()
                : "no answer within " + timeout.toMillis() + " ms";
        String[] parts = operation.split("; ", 2);
        return new SagaException(
                Reason.COORDINATOR_UNAVAILABLE,
                "cannot " + parts[0] + " at the coordinator " + uri.getAuthority() + " after " + attempt
                        + (attempt == 1 ? " attempt: " : " attempts: ") + detail
                        + (parts.length > 1 ? "; " + parts[1] : ""),
                cause);
    }

    @Override
    public void close() {
        threads.shutdownNow();
        localCalls.shutdown();
    }
}
