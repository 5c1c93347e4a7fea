package dev.streamingsaga.ingest;

import dev.streamingsaga.chunk.ChunkRoutes;
import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.SagaConfig.Duplicates;
import dev.streamingsaga.config.SagaConfig.OnConflict;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.intake.DocumentName;
import dev.streamingsaga.intake.PrintableText;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.Ids;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.NewSaga;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
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

/** The door of the way in. One saga per call; calls beyond {@code saga.concurrency} wait for their turn. */
public final class Ingest {
    /** Exchange property: the saga whose outcome answers this call, when that is not a saga of its own. */
    static final String SAGA_ID = "SagaJoined";

    /** Exchange property, a String: what people call the file, if not by its path. */
    public static final String FILE_NAME = "SagaFileName";

    /** Exchange property, a String: who sent the body that lies at the path; empty for a file on disk. */
    public static final String SENDER = "SagaSender";

    /** Exchange property, a {@code Consumer<String>}: told the saga's id as soon as the journal has it. */
    public static final String LISTENER = "SagaListener";

    /**
     * Exchange property, a {@link SourceIdentity}: the file as it was seen, to be taken in once, however many see it.
     * The call fails with SOURCE_BUSY if a saga holds the file, or had it as it is now and has ended. Symbolic links
     * are not followed.
     */
    public static final String ONCE = "SagaOnce";

    /**
     * Exchange property, a String: names what asks for the saga, a message by its place for one. When the same asks
     * again for the same file, it is answered by the saga it had begun.
     */
    public static final String REQUEST = "SagaRequest";

    private static final Logger LOG = LoggerFactory.getLogger(Ingest.class);
    /**
     * Exchange property, a {@link FailOn} or its word ({@code never}, {@code compensated},
     * {@code partially-compensated}): which outcomes fail this exchange with a {@link SagaNotCompletedException},
     * instead of what {@code saga.hub.fail-on} says. A call that may fail waits through a pause: its consumer would
     * move a file that the saga still needs.
     */
    public static final String FAIL_ON = "SagaFailOn";

    private static final long LOOK_MILLIS = 500;

    private final SagaConfig config;
    private final Journal journal;
    private final Runs runs;
    private final SagaEngine engine;
    private final PreparationSteps steps;
    private final IngestResults results;
    private final ConcurrencyLimiter places;
    private final OutcomeCheck outcome;

    /** @param engine runs and settles what comes in */
    public Ingest(SagaConfig config, Journal journal, Runs runs, DocumentContent content, SagaEngine engine) {
        this.config = config;
        this.journal = journal;
        this.runs = runs;
        this.engine = engine;
        this.steps = new PreparationSteps(config, journal, content);
        this.results = new IngestResults(config, journal, engine.outcomes());
        this.places = new ConcurrencyLimiter(config.concurrency());
        this.outcome = new OutcomeCheck(config.hub().failOn());
    }

    public RoutesBuilder routes() {
        return new IngestRoutes(config, this);
    }

    /** Journals the file, or finds the saga that has it already. */
    void receive(Exchange exchange) throws InterruptedException {
        String sagaId = claim(exchange);
        @SuppressWarnings("unchecked")
        Consumer<String> listener = exchange.getProperty(LISTENER, Consumer.class);
        if (listener != null) {
            listener.accept(sagaId);
        }
    }

    private String claim(Exchange exchange) throws InterruptedException {
        // What an earlier call with the same exchange left behind must not answer this one.
        exchange.removeProperty(SAGA_ID);
        exchange.removeProperty(Run.PROPERTY);
        exchange.removeProperty(ChunkRoutes.DIGESTS_OF_EARLIER_RUN);
        Path path = SourcePaths.of(exchange.getMessage().getBody());
        runs.requireOpen(String.valueOf(path));
        Optional<SourceIdentity> once = Optional.ofNullable(exchange.getProperty(ONCE, SourceIdentity.class));
        if (once.isPresent() && !path.equals(exchange.getMessage().getBody())) {
            throw new SagaException(
                    Reason.FILE_NOT_READABLE,
                    exchange.getMessage().getBody() + " is reached through a symbolic link; nothing was read");
        }
        Optional<String> request = Optional.ofNullable(exchange.getProperty(REQUEST, String.class));
        // A queue or topic that was made anew counts from the beginning: the file tells.
        Optional<String> begun = request.flatMap(journal::requested)
                .filter(saga -> saga.source().equals(path))
                .map(SagaRecord::sagaId);
        if (begun.isPresent()) {
            exchange.setProperty(SAGA_ID, begun.get());
            return begun.get();
        }
        OnConflict onConflict = config.source().onConflict();
        String given = exchange.getProperty(FILE_NAME, String.valueOf(path.getFileName()), String.class);
        String fileName = DocumentName.cleaned(given);
        NewSaga wanted = new NewSaga(
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
            Journal.RegisteredSaga received = journal.receive(wanted);
            if (received.isNew()) {
                exchange.setProperty(Run.PROPERTY, runs.begin(received.saga()));
                if (!fileName.equals(given)) {
                    LOG.warn(
                            "saga {}: the document is called {}, since the name of {} has characters that"
                                    + " a document's name must not have",
                            received.saga().sagaId(),
                            fileName,
                            PrintableText.line(path.toString()));
                }
                return received.saga().sagaId();
            }
            if (once.isPresent()) {
                throw new SagaException(
                        Reason.SOURCE_BUSY,
                        path + " is, or was as it is now, in saga "
                                + received.saga().sagaId());
            }
            if (onConflict == OnConflict.JOIN) {
                exchange.setProperty(SAGA_ID, received.saga().sagaId());
                return received.saga().sagaId();
            }
            // What was waited for may have stored just this content.
            awaitEnd(received.saga().sagaId(), true);
        }
    }

    /** Body: the run of a saga that was taken over. */
    void resume(Exchange exchange) throws InvalidPayloadException {
        exchange.setProperty(Run.PROPERTY, exchange.getMessage().getMandatoryBody(ActiveRun.class));
    }

    /** The same content from the same source again: answered with the document that is there. */
    private Optional<SagaRecord> alreadyStored(Path path) {
        if (!Files.isRegularFile(path)) {
            return Optional.empty();
        }
        try {
            SourceIdentity identity = SourceFile.identity(path);
            if (!journal.mayBeDuplicate(path.toString(), identity.sizeBytes())) {
                return Optional.empty();
            }
            Digests digests = SourceFile.digest(path, identity, config.chunk().sizeBytes(), done -> {}, () -> {});
            return journal.document(Ids.document(path.toString(), digests.sha256()));
        } catch (SagaException e) {
            // Whatever is wrong with the file, the saga's own validation says it with an outcome.
            return Optional.empty();
        }
    }

    void acquireSlot(Exchange exchange) throws InterruptedException {
        ActiveRun run = exchange.getProperty(Run.PROPERTY, ActiveRun.class);
        Duration left =
                Duration.between(journal.clock().instant(), run.received().deadline());
        if (!places.acquire(run, left.isNegative() ? Duration.ZERO : left)
                && run.calledOff().isEmpty()) {
            throw new SagaException(
                    Reason.TIMEOUT,
                    "saga " + run.sagaId() + " found no free place among " + config.concurrency()
                            + " within its time limit; raise saga.concurrency or saga.time-limit");
        }
        Traces.of(exchange.getContext()).begin(run.sagaId(), exchange);
        run.check();
    }

    void end(Exchange exchange) {
        // Settled, or lost because the journal is away: then it has no owner any more, and the recovery finds it.
        ActiveRun run = exchange.getProperty(Run.PROPERTY, ActiveRun.class);
        runs.end(run);
        Traces.of(exchange.getContext()).end(run.sagaId(), exchange);
    }

    /** Step {@code validate}: a readable regular file, small enough, where it may be; its type and digests. */
    public void validate(Exchange exchange) {
        steps.validate(exchange);
    }

    /** Step {@code start}: names chosen before anything is written under them. */
    public void start(Exchange exchange) {
        steps.start(exchange);
    }

    void closed(Exchange exchange) {
        engine.closed(exchange.getProperty(Run.PROPERTY, ActiveRun.class));
    }

    /**
     * A run's own exchange, before it is sent: should it fail outside of the run's route, say because that was stopped,
     * the run ends nevertheless.
     */
    void settleWhatFails(Exchange attempt) {
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

    private void settle(Exchange exchange, Throwable why) {
        ActiveRun run = exchange.getProperty(Run.PROPERTY, ActiveRun.class);
        try {
            engine.failed(run, why).join();
        } catch (RuntimeException | Error e) {
            runs.markLost(run, e);
        }
    }

    void answer(Exchange exchange) throws InterruptedException {
        String joined = exchange.getProperty(SAGA_ID, String.class);
        String sagaId = joined != null ? joined : awaitOwn(exchange.getProperty(Run.PROPERTY, ActiveRun.class));
        // Our own run may have been called off at the last moment, or taken over: whoever has the saga brings it to its
        // end.
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
            throw e.getCause() instanceof RuntimeException lost ? lost : new IllegalStateException(e);
        }
    }

    /**
     * Waits until the saga, whoever runs it, has its outcome; a pause is waited for, too.
     *
     * @throws ShutdownException if this instance stops before
     */
    public IngestResult await(String sagaId) throws InterruptedException {
        awaitEnd(sagaId, true);
        return result(sagaId);
    }

    /**
     * Until the saga has its outcome, and what this process does for it has ended; one that another process runs is
     * looked at twice a second.
     *
     * @param throughPause false: or is paused
     * @throws ShutdownException if this instance stops before
     */
    private void awaitEnd(String sagaId, boolean throughPause) throws InterruptedException {
        SagaState state = journal.saga(sagaId).orElseThrow().state();
        while (!state.isFinal() && (throughPause || state != SagaState.PAUSED)) {
            runs.requireRunning(sagaId);
            if (!awaitRun(sagaId, LOOK_MILLIS)) {
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            }
            state = journal.saga(sagaId).orElseThrow().state();
        }
        awaitLocal(sagaId);
    }

    /**
     * Until what this process does for the saga has ended, for so long at the most: stores may still be turning its
     * document visible, or alerts be told.
     */
    public void awaitLocal(String sagaId) throws InterruptedException {
        awaitRun(sagaId, config.compensation().stepTimeout().toMillis());
    }

    /** @return false if this process neither runs nor undoes the saga; true when it has ended, or after so long */
    private boolean awaitRun(String sagaId, long millis) throws InterruptedException {
        Optional<? extends Future<?>> local =
                runs.find(sagaId).<Future<?>>map(ActiveRun::ended).or(() -> engine.pendingOutcome(sagaId));
        if (local.isEmpty()) {
            return false;
        }
        try {
            local.get().get(millis, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            // the journal tells
        }
        return true;
    }

    /** The saga's outcome as the contract has it, its stores asked now. */
    public IngestResult result(String sagaId) {
        return result(sagaId, true);
    }

    /** @param counted false: no store is asked, {@code stores} is empty */
    public IngestResult result(String sagaId, boolean counted) {
        return results.of(sagaId, counted);
    }
}
