package dev.streamingsaga.lra;

import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.outage.Patience;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.saga.CamelSagaCoordinator;
import org.apache.camel.saga.CamelSagaStep;
import org.apache.camel.service.lra.LRAClient;
import org.apache.camel.service.lra.LRASagaCoordinator;
import org.apache.camel.service.lra.LRASagaService;
import org.apache.camel.service.lra.LRASagaStep;
import org.jspecify.annotations.Nullable;

/**
 * A hardened saga service for camel-lra, for routes whose journal decides what to compensate. It adds no routes:
 * callbacks go to {@link CallbackListener}, so the endpoints of {@code compensation()} and {@code completion()} are
 * never called; a {@code completion()} only makes the coordinator report the close. Each step has exactly one option,
 * {@link CallbackToken#OPTION}, with its token.
 *
 * <p>Ready once constructed, and independent of start and stop, because Camel stops the shared service with any one of
 * its routes (CAMEL-24150). Only {@link #release()} ends it. Failures are
 * {@link dev.streamingsaga.journal.SagaException}s with COORDINATOR_UNAVAILABLE, or TIMEOUT if the LRA ended before its
 * close.
 */
public final class JournalSagaService extends LRASagaService {
    private final LraSettings settings;
    private final Patience patience;
    private final CoordinatorHttp http;
    private final SagaThreads threads;
    private final CoordinatorClient client;
    private volatile Optional<CamelContext> context = Optional.empty();

    /** @param patience waits for the coordinator when it does not answer */
    public JournalSagaService(LraSettings settings, Patience patience) {
        this.settings = settings;
        this.patience = patience;
        URI coordinator = settings.scope().coordinator();
        setCoordinatorUrl(coordinator.getScheme() + "://" + coordinator.getRawAuthority());
        setCoordinatorContextPath(coordinator.getRawPath());
        setLocalParticipantUrl(settings.callbacks().toString());
        http = new CoordinatorHttp(settings.timeout(), settings.access());
        threads = new SagaThreads(settings.concurrency());
        client = new CoordinatorClient(this, settings, http, threads, patience);
    }

    /** Ends the service: waits up to 3 s for running calls and saga bodies. Call it after the routes have stopped. */
    public void release() {
        threads.close();
        http.close();
    }

    /** Cancels an LRA of an earlier run. Its callbacks are ignored anyway, so a failure is only logged. */
    public CompletableFuture<Void> cancel(String lraId) {
        Optional<URL> url = url(lraId);
        return url.isPresent()
                ? threads.run(() -> client.cancel(url.get().toString()))
                : CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<CamelSagaCoordinator> newSaga(Exchange exchange) {
        ActiveRun run = exchange.getProperty(ExchangeKeys.RUN, ActiveRun.class);
        return threads.call(
                () -> new Lra(this, run == null ? client.begin() : patience.call(run, "begin", client::begin)));
    }

    @Override
    public CompletableFuture<CamelSagaCoordinator> getSaga(String id) {
        return url(id).map(url -> CompletableFuture.<CamelSagaCoordinator>completedFuture(new Lra(this, url)))
                .orElseGet(() -> CompletableFuture.failedFuture(new IllegalArgumentException("the header "
                        + Exchange.SAGA_LONG_RUNNING_ACTION + " does not name an LRA below "
                        + settings.scope().coordinator() + "; it was not called, and the exchange is refused")));
    }

    private Optional<URL> url(String id) {
        try {
            return settings.scope().mayCall(id) ? Optional.of(URI.create(id).toURL()) : Optional.empty();
        } catch (MalformedURLException e) {
            return Optional.empty();
        }
    }

    @Override
    protected LRAClient createLRAClient() {
        return client;
    }

    CoordinatorClient coordinator() {
        return client;
    }

    @Override
    public LRAClient getClient() {
        return client;
    }

    /**
     * @throws dev.streamingsaga.journal.SagaException COORDINATOR_UNAVAILABLE if the coordinator does not respond or
     *     returns an error
     */
    public void ping() {
        client.ping();
    }

    /**
     * Has the coordinator call the listener, which must be that of this instance.
     *
     * @throws dev.streamingsaga.config.UnavailableException if the call does not arrive within
     *     {@code saga.coordinator.timeout}
     */
    public void tryCallback(CallbackListener listener) {
        try {
            new CallbackTrial(client, listener, settings.timeout()).run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the coordinator was to call back", e);
        }
    }

    /**
     * Does not add the routes that camel-lra adds here: they need a public REST consumer, and let any caller reach any
     * registered endpoint.
     */
    @Override
    public void setCamelContext(CamelContext camelContext) {
        context = Optional.of(camelContext);
    }

    @Override
    // null until Camel sets the context: the contract of CamelContextAware
    public @Nullable CamelContext getCamelContext() {
        return context.orElse(null);
    }

    /** Nothing to do: ready once constructed. */
    @Override
    protected void doStart() {}

    /** Stops nothing: other routes still use the service. */
    @Override
    protected void doStop() {}

    @Override
    public String toString() {
        return "journal-saga-service";
    }

    /** Evaluates the options of a step on the calling thread, so that a failure reaches the exchange unwrapped. */
    private static final class Lra extends LRASagaCoordinator {
        private final JournalSagaService service;
        private final URL url;

        Lra(JournalSagaService service, URL url) {
            super(service, url);
            this.service = service;
            this.url = url;
        }

        @Override
        public CompletableFuture<Void> beginStep(Exchange exchange, CamelSagaStep step) {
            LRASagaStep evaluated;
            try {
                evaluated = LRASagaStep.fromCamelSagaStep(step, exchange);
            } catch (RuntimeException e) {
                return CompletableFuture.failedFuture(e);
            }
            return service.client.join(url, evaluated, exchange);
        }
    }
}
