package dev.streamingsaga.ingest;

import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.SagaConfig.Duplicates;
import dev.streamingsaga.config.SagaConfig.OnConflict;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.intake.DocumentName;
import dev.streamingsaga.intake.PrintableText;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Ids;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.NewSaga;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaRegistration;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.saga.SagaEngine;
import dev.streamingsaga.source.Digests;
import dev.streamingsaga.source.SourceFile;
import dev.streamingsaga.trace.Traces;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.camel.Exchange;
import org.apache.camel.InvalidPayloadException;
import org.apache.camel.RoutesBuilder;
import org.apache.camel.support.SynchronizationAdapter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Entry point for files. One saga per call; calls beyond {@code saga.concurrency} wait for a slot. */
public final class Ingest {
    /** Exchange property: the saga whose outcome answers this call, if the call does not start a saga of its own. */
    static final String SAGA_ID = "SagaJoined";

    /** Exchange property, a String: the name to display for the file; by default the last part of its path. */
    public static final String FILE_NAME = "SagaFileName";

    /** Exchange property, a String: who sent the body that was written to the path; absent for a file on disk. */
    public static final String SENDER = "SagaSender";

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

    private static final Logger LOG = LoggerFactory.getLogger(Ingest.class);
    /**
     * Exchange property, a {@link FailOn} or its name ({@code never}, {@code compensated},
     * {@code partially-compensated}): which outcomes fail this exchange with a {@link SagaNotCompletedException},
     * overriding {@code saga.hub.fail-on}. Such a call also waits while its saga is paused: otherwise its consumer
     * would move a file that the saga still needs.
     */
    public static final String FAIL_ON = "SagaFailOn";

    private static final long POLL_MILLIS = 500;

    private final SagaConfig config;
    private final Journal journal;
    private final Runs runs;
    private final SagaEngine engine;
    private final PreparationSteps steps;
    private final IngestResults results;
    private final ConcurrencyLimiter limiter;
    private final OutcomeCheck outcome;

    /** @param engine runs the sagas */
    public Ingest(SagaConfig config, Journal journal, Runs runs, DocumentContent content, SagaEngine engine) {
        this.config = config;
        this.journal = journal;
        this.runs = runs;
        this.engine = engine;
        this.steps = new PreparationSteps(config, journal, content);
        this.results = new IngestResults(config, journal, engine.counts());
        this.limiter = new ConcurrencyLimiter(config.concurrency());
        this.outcome = new OutcomeCheck(config.hub().failOn());
    }

    public RoutesBuilder routes() {
        return new IngestRoutes(config, this);
    }

    /** Registers a saga for the file, or finds the saga that has already claimed it. */
    void receive(Exchange exchange) throws InterruptedException {
        String sagaId = claim(exchange);
        @SuppressWarnings("unchecked")
        Consumer<String> listener = exchange.getProperty(LISTENER, Consumer.class);
        if (listener != null) {
            listener.accept(sagaId);
        }
    }

    private String claim(Exchange exchange) throws InterruptedException {
        // An earlier call with the same exchange must not answer this one.
        exchange.removeProperty(SAGA_ID);
        exchange.removeProperty(ExchangeKeys.RUN);
        exchange.removeProperty(ExchangeKeys.DIGESTS_OF_EARLIER_RUN);
        Path path = SourcePaths.of(exchange.getMessage().getBody());
        runs.requireOpen(String.valueOf(path));
        Optional<SourceIdentity> once = Optional.ofNullable(exchange.getProperty(ONCE, SourceIdentity.class));
        if (once.isPresent() && !path.equals(exchange.getMessage().getBody())) {
            throw new SagaException(
                    Reason.FILE_NOT_READABLE,
                    exchange.getMessage().getBody() + " is reached through a symbolic link; nothing was read");
        }
        Optional<String> request = Optional.ofNullable(exchange.getProperty(REQUEST, String.class));
        // A queue or topic that was created again counts from the beginning; a different file shows this.
        Optional<String> started = request.flatMap(journal.registration()::requested)
                .filter(saga -> saga.source().equals(path))
                .map(SagaRecord::sagaId);
        if (started.isPresent()) {
            exchange.setProperty(SAGA_ID, started.get());
            return started.get();
        }
        OnConflict onConflict = config.source().onConflict();
        String requestedName = exchange.getProperty(FILE_NAME, String.valueOf(path.getFileName()), String.class);
        String fileName = DocumentName.cleaned(requestedName);
        NewSaga newSaga = new NewSaga(
                path,
                fileName,
                config.participants(),
                config.timeLimit(),
                config.security().owner(),
                config.security().classification(),
                config.security().keyId(),
                onConflict == OnConflict.JOIN || onConflict == OnConflict.WAIT,
                once,
                request,
                Optional.ofNullable(exchange.getProperty(SENDER, String.class)));
        while (true) {
            Optional<SagaRecord> known =
                    config.source().duplicates() == Duplicates.SKIP ? alreadyStored(path) : Optional.empty();
            if (known.isPresent()) {
                exchange.setProperty(SAGA_ID, known.get().sagaId());
                return known.get().sagaId();
            }
            SagaRegistration.RegisteredSaga received = journal.registration().receive(newSaga);
            if (received.isNew()) {
                exchange.setProperty(ExchangeKeys.RUN, runs.begin(received.saga()));
                if (!fileName.equals(requestedName)) {
                    LOG.warn(
                            "saga {}: the document is named {} because the name of {} contains characters that"
                                    + " document names must not contain",
                            received.saga().sagaId(),
                            fileName,
                            PrintableText.line(path.toString()));
                }
                return received.saga().sagaId();
            }
            if (once.isPresent()) {
                throw new SagaException(
                        Reason.SOURCE_BUSY,
                        path + " is already ingested, or was in its present state, by saga "
                                + received.saga().sagaId());
            }
            if (onConflict == OnConflict.JOIN) {
                exchange.setProperty(SAGA_ID, received.saga().sagaId());
                return received.saga().sagaId();
            }
            // The saga that has just ended may have stored the same content.
            awaitEnd(received.saga().sagaId(), true);
        }
    }

    /** Body: the run of a saga that was taken over. */
    void resume(Exchange exchange) throws InvalidPayloadException {
        exchange.setProperty(ExchangeKeys.RUN, exchange.getMessage().getMandatoryBody(ActiveRun.class));
    }

    /** The saga that has already stored the same content from the same source. */
    private Optional<SagaRecord> alreadyStored(Path path) {
        if (!Files.isRegularFile(path)) {
            return Optional.empty();
        }
        try {
            SourceIdentity identity = SourceFile.identity(path);
            if (!journal.sagas().completedFrom(path.toString(), identity.sizeBytes())) {
                return Optional.empty();
            }
            Digests digests = SourceFile.digest(path, identity, config.chunk().sizeBytes(), done -> {}, () -> {});
            return journal.sagas().ofDocument(Ids.document(path.toString(), digests.sha256()));
        } catch (SagaException e) {
            // The saga's own validation reports a problem with the file as an outcome.
            return Optional.empty();
        }
    }

    void acquireSlot(Exchange exchange) throws InterruptedException {
        ActiveRun run = exchange.getProperty(ExchangeKeys.RUN, ActiveRun.class);
        Duration timeLeft =
                Duration.between(journal.clock().instant(), run.received().deadline());
        if (!limiter.acquire(run, timeLeft.isNegative() ? Duration.ZERO : timeLeft)
                && run.revocation().isEmpty()) {
            throw new SagaException(
                    Reason.TIMEOUT,
                    "saga " + run.sagaId() + " got none of the " + config.concurrency()
                            + " slots within its time limit; raise saga.concurrency or saga.time-limit");
        }
        Traces.of(exchange.getContext()).begin(run.sagaId(), exchange);
        run.check();
    }

    void end(Exchange exchange) {
        // Settled; or lost because the journal cannot be reached: then the recovery finds the saga as stale.
        ActiveRun run = exchange.getProperty(ExchangeKeys.RUN, ActiveRun.class);
        runs.end(run);
        Traces.of(exchange.getContext()).end(run.sagaId(), exchange);
    }

    /**
     * Step {@code validate}: checks that the file is regular, readable, allowed and within the size limit; takes its
     * digests.
     */
    public void validate(Exchange exchange) {
        steps.validate(exchange);
    }

    /** Step {@code start}: chooses and journals all names before anything is written under them. */
    public void start(Exchange exchange) {
        steps.start(exchange);
    }

    void closed(Exchange exchange) {
        engine.closed(exchange.getProperty(ExchangeKeys.RUN, ActiveRun.class));
    }

    /**
     * Prepares a run's own exchange: if it fails outside the run's route, for example because the route was stopped,
     * the run ends nevertheless.
     */
    void settleOnFailure(Exchange attempt) {
        attempt.getExchangeExtension().addOnCompletion(new SynchronizationAdapter() {
            @Override
            public void onFailure(Exchange failed) {
                settle(failed, failed.getException());
                end(failed);
            }
        });
    }

    void failed(Exchange exchange) {
        settle(exchange, exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class));
    }

    private void settle(Exchange exchange, Throwable cause) {
        ActiveRun run = exchange.getProperty(ExchangeKeys.RUN, ActiveRun.class);
        try {
            engine.failed(run, cause).join();
        } catch (RuntimeException | Error e) {
            runs.markLost(run, e);
        }
    }

    void answer(Exchange exchange) throws InterruptedException {
        String joined = exchange.getProperty(SAGA_ID, String.class);
        String sagaId = joined != null ? joined : awaitOwn(exchange.getProperty(ExchangeKeys.RUN, ActiveRun.class));
        // The run may have been revoked at the last moment, or taken over: then another run finishes the saga.
        awaitEnd(sagaId, exchange.getProperty(REQUEST) != null || outcome.of(exchange) != FailOn.NEVER);
        Traces traces = Traces.of(exchange.getContext());
        traces.begin(sagaId, exchange);
        try {
            exchange.getMessage().setBody(result(sagaId));
        } finally {
            traces.end(sagaId, exchange);
        }
    }

    private static String awaitOwn(ActiveRun run) throws InterruptedException {
        try {
            return run.ended().get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failure ? failure : new IllegalStateException(e);
        }
    }

    /**
     * Waits until the saga has its outcome, also if another process runs it or it is paused.
     *
     * @throws ShutdownException if this instance stops before
     */
    public IngestResult await(String sagaId) throws InterruptedException {
        awaitEnd(sagaId, true);
        return result(sagaId);
    }

    /**
     * Waits until the saga has its outcome and this process has ended its work on it. The state of a saga in another
     * process is polled twice a second.
     *
     * @param throughPause false: a pause ends the wait, too
     * @throws ShutdownException if this instance stops before
     */
    private void awaitEnd(String sagaId, boolean throughPause) throws InterruptedException {
        SagaState state = journal.sagas().find(sagaId).orElseThrow().state();
        while (!state.isFinal() && (throughPause || state != SagaState.PAUSED)) {
            runs.requireRunning(sagaId);
            if (!awaitRun(sagaId, POLL_MILLIS)) {
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
            state = journal.sagas().find(sagaId).orElseThrow().state();
        }
        awaitLocal(sagaId);
    }

    /**
     * Waits until this process has ended its work on the saga, at most one step time-out: stores may still be making
     * its document visible, or alerts may be in delivery.
     */
    public void awaitLocal(String sagaId) throws InterruptedException {
        awaitRun(sagaId, config.compensation().stepTimeout().toMillis());
    }

    /**
     * @return false if this process neither runs nor compensates the saga; true when that has ended, or the wait has
     *     timed out
     */
    private boolean awaitRun(String sagaId, long millis) throws InterruptedException {
        Optional<? extends Future<?>> local =
                runs.find(sagaId).<Future<?>>map(ActiveRun::ended).or(() -> engine.pendingOutcome(sagaId));
        if (local.isEmpty()) {
            return false;
        }
        try {
            local.get().get(millis, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            // the caller reads the state from the journal
        }
        return true;
    }

    /** The saga's outcome, with the counts of its stores, queried now. */
    public IngestResult result(String sagaId) {
        return result(sagaId, true);
    }

    /** @param counted false: no store is queried, {@code stores} is empty */
    public IngestResult result(String sagaId, boolean counted) {
        return results.of(sagaId, counted);
    }
}
