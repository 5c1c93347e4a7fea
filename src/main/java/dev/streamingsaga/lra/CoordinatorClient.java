package dev.streamingsaga.lra;

import dev.streamingsaga.http.HttpStatusException;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.outage.Patience;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.camel.Exchange;
import org.apache.camel.service.lra.LRAClient;
import org.apache.camel.service.lra.LRASagaStep;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces the client of camel-lra: every operation has a time limit, checks the response, and runs on the threads of
 * the saga service.
 */
final class CoordinatorClient extends LRAClient {
    private static final Logger LOG = LoggerFactory.getLogger(CoordinatorClient.class);
    private static final Set<String> CLOSED = Set.of("Closed", "Closing");
    private static final Set<String> CANCELLED = Set.of("Cancelled", "Cancelling", "FailedToCancel");

    private final LraSettings settings;
    private final CoordinatorHttp http;
    private final SagaThreads threads;
    private final Patience patience;

    CoordinatorClient(
            JournalSagaService service,
            LraSettings settings,
            CoordinatorHttp http,
            SagaThreads threads,
            Patience patience) {
        super(service, http.client());
        this.settings = settings;
        this.http = http;
        this.threads = threads;
        this.patience = patience;
    }

    @Override
    public CompletableFuture<URL> newLRA(Exchange exchange) {
        return threads.call(this::begin);
    }

    @Override
    public CompletableFuture<Void> join(URL lra, LRASagaStep step, Exchange exchange) {
        return threads.continued(() -> patiently(exchange, "join", () -> join(lra.toString(), step)));
    }

    @Override
    public CompletableFuture<Void> complete(URL lra, Exchange exchange) {
        return threads.continued(() -> patiently(exchange, "close", () -> close(lra.toString())));
    }

    /** Outside of a run, for example in a test of the connection, nothing waits. */
    private void patiently(Exchange exchange, String step, Runnable request) {
        ActiveRun run = exchange.getProperty(ExchangeKeys.RUN, ActiveRun.class);
        if (run == null) {
            request.run();
        } else {
            patience.run(run, step, request);
        }
    }

    /**
     * Never fails: the saga processor would replace the exception that caused the cancel. If the cancel does not
     * arrive, the journal compensates on its own, and the LRA ends at its time limit.
     */
    @Override
    public CompletableFuture<Void> compensate(URL lra, Exchange exchange) {
        ActiveRun run = exchange.getProperty(ExchangeKeys.RUN, ActiveRun.class);
        if (run != null && run.isHandedOver()) {
            return CompletableFuture.completedFuture(
                    null); // as after a crash: the process that recovers the saga cancels its old LRA
        }
        return threads.run(() -> cancel(lra.toString()));
    }

    @Override
    protected HttpRequest.Builder prepareRequest(URI uri, Exchange exchange) {
        return http.authorized(super.prepareRequest(uri, exchange)).timeout(http.timeout());
    }

    void ping() {
        String next = "sagas that begin now are refused";
        CoordinatorResponse response = http.send(
                "ask for failed LRAs; " + next,
                URI.create(settings.scope().coordinator() + "?Status=FailedToClose"),
                HttpRequest.Builder::GET,
                status -> false);
        if (response.statusCode() >= 300) {
            throw failed("ask for failed LRAs", response, next);
        }
    }

    URL begin() {
        long millis = settings.timeLimit().toMillis();
        URI uri = URI.create(settings.scope().coordinator() + "/start" + (millis > 0 ? "?TimeLimit=" + millis : ""));
        // If the response is lost, an LRA without participants remains until its time limit: harmless.
        // The coordinator's bulkhead answers 500 if too many LRAs start at the same time.
        CoordinatorResponse response = http.send(
                "begin an LRA; nothing was started, try again when it answers",
                uri,
                CoordinatorClient::post,
                status -> status == 500 || status == 503);
        if (response.statusCode() >= 300) {
            throw failed("begin an LRA", response, "nothing was started");
        }
        String id = response.header("Location")
                .or(() -> response.header(Exchange.SAGA_LONG_RUNNING_ACTION))
                .orElseGet(() -> response.body().strip());
        if (!settings.scope().mayCall(id)) {
            throw new SagaException(
                    Reason.COORDINATOR_UNAVAILABLE,
                    "the coordinator answered begin with an LRA id that is not below "
                            + settings.scope().coordinator()
                            + "; nothing was started (is saga.coordinator.url the URL that the coordinator uses"
                            + " for itself?)");
        }
        return url(id);
    }

    private void join(String lra, LRASagaStep step) {
        String limit = step.getTimeoutInMilliseconds()
                .map(millis -> "?TimeLimit=" + millis)
                .orElse("");
        join(lra + limit, lra, token(step.getOptions()), step.getCompletion().isPresent());
    }

    /**
     * @param target URL of the LRA, with or without a time limit
     * @param completes whether the participant also has a completion callback
     */
    void join(String target, String lra, String token, boolean completes) {
        String query = "?" + CallbackToken.OPTION + "=" + token;
        // Quote the rel values: only then does the coordinator refuse participants of an LRA that is ending.
        StringBuilder links = new StringBuilder(link(CallbackListener.COMPENSATE + query, "compensate"));
        if (completes) {
            links.append(',').append(link(CallbackListener.COMPLETE + query, "complete"));
        }
        // A second join with the same links has no effect.
        CoordinatorResponse response = http.send(
                "join " + lra + "; the step was not begun",
                URI.create(target),
                request -> put(request)
                        .setHeader("Link", links.toString())
                        .setHeader(Exchange.SAGA_LONG_RUNNING_ACTION, lra),
                status -> status == 503);
        switch (response.statusCode()) {
            case 200 -> {}
            case 412 ->
                throw new SagaException(
                        Reason.TIMEOUT, "cannot join " + lra + ": it is ending already; the step was not begun");
            default -> throw failed("join " + lra, response, "the step was not begun");
        }
    }

    private void close(String lra) {
        CoordinatorResponse response = http.send(
                "close " + lra + "; the journal decides how the saga ends",
                URI.create(lra + "/close"),
                CoordinatorClient::put,
                status -> status == 503);
        String status = status(response.body());
        if (response.statusCode() == 200 && CLOSED.contains(status)) {
            return;
        }
        if (response.statusCode() == 412 || (response.statusCode() == 200 && CANCELLED.contains(status))) {
            throw new SagaException(
                    Reason.TIMEOUT,
                    "close of " + lra + " came too late: the coordinator "
                            + (status.isEmpty() || response.statusCode() == 412
                                    ? "is ending it already"
                                    : "says " + status)
                            + "; the saga is compensated");
        }
        throw failed("close " + lra, response, "the journal knows whether the saga completed");
    }

    void cancel(String lra) {
        try {
            CoordinatorResponse response = http.send(
                    "cancel " + lra, URI.create(lra + "/cancel"), CoordinatorClient::put, status -> status == 503);
            if (response.statusCode() == 404) {
                LOG.debug("{} has ended already", lra);
            } else if (response.statusCode() != 200) {
                LOG.warn("cancel of {} was answered with HTTP {}; the journal compensates", lra, response.statusCode());
            }
        } catch (RuntimeException e) {
            LOG.warn("{}; the journal compensates", e.getMessage());
        }
    }

    private String link(String pathAndQuery, String rel) {
        return "<" + settings.callbacks() + pathAndQuery + ">; rel=\"" + rel + "\"";
    }

    /**
     * Requires exactly one option that has the form of a token. Anything else would be truncated or lost on its way,
     * and the compensation with it.
     */
    private static String token(Map<String, String> options) {
        String token = Optional.ofNullable(options.get(CallbackToken.OPTION)).orElse("");
        if (options.size() != 1 || !CallbackToken.hasForm(token)) {
            throw new IllegalArgumentException("a saga step must have exactly one option, " + CallbackToken.OPTION
                    + ", with a callback token as value; it has " + options.size()
                    + " options, or another value. The step was not begun");
        }
        return token;
    }

    private static HttpRequest.Builder post(HttpRequest.Builder request) {
        return request.setHeader("Accept", "text/plain").POST(BodyPublishers.noBody());
    }

    private static HttpRequest.Builder put(HttpRequest.Builder request) {
        return request.setHeader("Accept", "text/plain")
                .setHeader("Content-Type", "text/plain")
                .PUT(BodyPublishers.noBody());
    }

    /**
     * The status in a response body: {@code Closed}, or {@code {"status":"Closed"}} from a coordinator that answers in
     * JSON.
     */
    private static String status(String body) {
        String text = body.strip();
        String word = text.startsWith("{") ? text.replaceAll("(?s).*\"status\"\\s*:\\s*\"(\\w+)\".*", "$1") : text;
        return word.replace("\"", "");
    }

    private static SagaException failed(String operation, CoordinatorResponse response, String next) {
        String status = status(response.body());
        boolean known = status.matches("[A-Za-z]{1,32}");
        return new SagaException(
                Reason.COORDINATOR_UNAVAILABLE,
                String.format(
                        Locale.ROOT,
                        "cannot %s: the coordinator answered HTTP %d%s%s; %s",
                        operation,
                        response.statusCode(),
                        known ? " " + status : "",
                        hint(response.statusCode()),
                        next),
                new HttpStatusException(response.statusCode()));
    }

    private static String hint(int status) {
        return switch (status) {
            case 401, 403 -> " (saga.coordinator.secret must be the secret of the coordinator)";
            case 421 ->
                " (saga.coordinator.url must be the URL that the coordinator prints at its start,"
                        + " or one of its saga.coordinator.hosts)";
            default -> "";
        };
    }

    private static URL url(String id) {
        try {
            return URI.create(id).toURL();
        } catch (MalformedURLException e) {
            throw new IllegalStateException("an http URL in the scope is a URL", e);
        }
    }
}
