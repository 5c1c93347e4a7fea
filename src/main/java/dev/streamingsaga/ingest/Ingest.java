package dev.streamingsaga.ingest;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.annotation.Internal;
import dev.streamingsaga.annotation.PublicApi;
import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.journal.Delivery;
import dev.streamingsaga.journal.DeliveryRequest;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.saga.SagaEngine;
import dev.streamingsaga.source.SourceHost;
import java.util.Optional;
import org.apache.camel.Exchange;
import org.apache.camel.RoutesBuilder;

/**
 * Entry point for files. One saga per call; calls beyond {@code saga.concurrency} wait for a slot. Hubs use its
 * constants.
 */
@PublicApi
public final class Ingest {
    /** Exchange property: the saga whose outcome answers this call, if the call does not start a saga of its own. */
    static final String SAGA_ID = "SagaJoined";

    /** Exchange property, a String: the name to display for the file; by default the last part of its path. */
    public static final String FILE_NAME = "SagaFileName";

    /** Exchange property, a String: who sent the body that was written to the path; absent for a file on disk. */
    public static final String SENDER = "SagaSender";

    /**
     * Exchange property, a String: identifies a received body on every node, see
     * {@link dev.streamingsaga.journal.Origin#key}; absent for a file on disk, which its path identifies.
     */
    public static final String SOURCE_KEY = "SagaSourceKey";

    /**
     * Exchange property, a {@link DeliveryRequest}: which endpoint delivers the document again after a transient
     * failure. Absent for a caller that decides this for itself.
     */
    public static final String DELIVERY = "SagaDelivery";

    /** Exchange property, an {@link Access}: who delivers the document; by default the hub. */
    public static final String ACCESS = "SagaAccess";

    /**
     * Exchange property, a {@link SecurityLabel}: owner and classification of the document; by default as
     * {@code saga.security.*} says.
     */
    public static final String LABEL = "SagaLabel";

    /** Exchange property, a {@code Consumer<String>}: called with the saga's id as soon as it is journaled. */
    public static final String LISTENER = "SagaListener";

    /**
     * Exchange property, a {@link SourceIdentity}: the file's identity as it was seen, to ingest this version only
     * once, however many processes see it. The call fails with SOURCE_BUSY if a saga has claimed the file, or has ended
     * for the same identity. Symbolic links are not followed.
     */
    public static final String ONCE = "SagaOnce";

    /**
     * Exchange property, a String: identifies the request, for example a message by its position. A repeated request
     * for the same file is answered with the saga that the first one started.
     */
    public static final String REQUEST = "SagaRequest";

    /**
     * Exchange property, a {@link FailOn} or its name ({@code never}, {@code compensated},
     * {@code partially-compensated}): which outcomes fail this exchange with a {@link SagaNotCompletedException},
     * overriding {@code saga.hub.fail-on}. Such a call also waits while its saga is paused: otherwise its consumer
     * would move a file that the saga still needs.
     */
    public static final String FAIL_ON = "SagaFailOn";

    private final SagaConfig config;
    private final Journal journal;
    private final PreparationSteps steps;
    private final IngestResults results;
    private final OutcomeWait outcomes;
    private final SourceClaims claims;
    private final RunExecution execution;

    /**
     * @param engine runs the sagas
     * @param host recorded as the one that holds the sources
     */
    @Internal
    public Ingest(SagaConfig config, Runs runs, DocumentContent content, SagaEngine engine, SourceHost host) {
        Journal journal = runs.journal();
        this.config = config;
        this.journal = journal;
        this.steps = new PreparationSteps(config, journal, content);
        this.results = new IngestResults(config, journal, engine.counts());
        this.outcomes = new OutcomeWait(config, journal, runs, engine);
        this.claims = new SourceClaims(config, runs, outcomes, host);
        this.execution = new RunExecution(config, journal, runs, engine);
    }

    /** Lets the endpoint that sends this exchange deliver its document again after a transient failure. */
    @Internal
    public static void deliveredBy(Exchange exchange, Delivery.Endpoint endpoint) {
        exchange.setProperty(DELIVERY, new DeliveryRequest(Optional.of(endpoint), Optional.empty()));
    }

    @Internal
    public RoutesBuilder routes() {
        OutcomeCheck check =
                new OutcomeCheck(config.endpoints().hub().failOn(), journal.redeliveries()::hasTransientFailure);
        return new IngestRoutes(config, claims, execution, new OutcomeAnswer(check, outcomes, results), check);
    }

    /**
     * Step {@code validate}: checks that the file is regular, readable, allowed and within the size limit; takes its
     * digests.
     */
    @Internal
    public void validate(Exchange exchange) {
        steps.validate(exchange);
    }

    /** Step {@code start}: chooses and journals all names before anything is written under them. */
    @Internal
    public void start(Exchange exchange) {
        steps.start(exchange);
    }

    /**
     * Waits until the saga has its outcome, also if another process runs it or it is paused.
     *
     * @throws ShutdownException if this instance stops before
     */
    @Internal
    public IngestResult await(String sagaId) throws InterruptedException {
        outcomes.awaitEnd(sagaId, true);
        return result(sagaId);
    }

    /**
     * Waits until this process has ended its work on the saga, at most one step time-out: stores may still be making
     * its document visible, or alerts may be in delivery.
     */
    @Internal
    public void awaitLocal(String sagaId) throws InterruptedException {
        outcomes.awaitLocal(sagaId);
    }

    /** The saga's outcome, with the counts of its stores, queried now. */
    @Internal
    public IngestResult result(String sagaId) {
        return result(sagaId, true);
    }

    /** @param counted false: no store is queried, {@code stores} is empty */
    @Internal
    public IngestResult result(String sagaId, boolean counted) {
        return results.of(sagaId, counted);
    }
}
