package dev.streamingsaga.saga;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupRepository.RetryPolicy;
import dev.streamingsaga.journal.CompensationCause;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.lra.CallbackHandler;
import dev.streamingsaga.lra.CallbackToken.Target;
import dev.streamingsaga.outage.Patience;
import dev.streamingsaga.receipt.Receipts;
import dev.streamingsaga.trace.Traces;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.RoutesBuilder;
import org.apache.camel.saga.CamelSagaService;
import org.apache.camel.spi.ExecutorServiceManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Entry point of the saga protocol: builds its routes, settles sagas whose routes have ended, and answers the
 * coordinator.
 */
public final class SagaEngine implements CallbackHandler, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SagaEngine.class);

    private final SagaConfig config;
    private final Journal journal;
    private final Runs runs;
    private final ProducerTemplate template;
    private final StoreClient stores;
    private final StepCompensator steps;
    private final Compensator compensator;
    private final Completion completion;
    private final Participants participants;
    private final StoreCounts counts;
    private final DocumentRemoval removal;
    private final Alerts alerts;
    private final Traces traces;
    private final Patience patience;
    private final Receipts receipts;

    /** @param dependencies what the engine works with */
    public SagaEngine(SagaConfig config, CamelContext context, EngineDependencies dependencies) {
        Runs runs = dependencies.runs();
        Journal journal = runs.journal();
        Alerts alerts = dependencies.alerts();
        ExecutorServiceManager executors = context.getExecutorServiceManager();
        this.config = config;
        this.patience = dependencies.patience();
        this.journal = journal;
        this.runs = runs;
        this.alerts = alerts;
        this.template = context.createProducerTemplate();
        this.traces = Traces.of(context);
        this.stores = new StoreClient(config, context);
        RetryPolicy retries = config.operation().compensation().residue();
        this.steps = new StepCompensator(journal, new StoreRemoval(stores, alerts), alerts, retries);
        this.compensator = new Compensator(
                runs,
                steps,
                alerts,
                config.operation().compensation().stepTimeout(),
                executors.newFixedThreadPool(this, config.id("compensator"), Math.max(2, config.concurrency())));
        this.counts = new StoreCounts(stores);
        this.completion = new Completion(
                new Completion.CompletionParts(journal, runs, stores, steps, alerts, this::issueReceipt),
                retries,
                config.documents().source().versionsKept());
        this.participants = new Participants(runs, dependencies.tokens(), compensator, completion);
        this.receipts = dependencies.receipts();
        this.removal = new DocumentRemoval(stores, steps, alerts);
    }

    /**
     * @param validate implements the step {@code validate}
     * @param start implements the step {@code start}
     */
    public RoutesBuilder routes(CamelSagaService service, Processor validate, Processor start) {
        return new SagaRoutes(config, service, participants, new StepAttempts(patience), validate, start);
    }

    /**
     * @throws ConfigException if a participant lacks one of its two required routes; checked at start rather than when
     *     a saga needs it
     */
    public void requireRoutes() {
        List<String> missing = stores.missing(config.participants());
        if (!missing.isEmpty()) {
            throw ConfigException.of("saga.participants names stores without routes; missing: "
                    + String.join(", ", missing) + "; add them in " + config.routesDir() + ", or remove the name");
        }
        List<String> unguarded = stores.unguarded(config.participants());
        if (!unguarded.isEmpty()) {
            LOG.warn(
                    "routes {} were started before instance {} was added: if one fails with an Error, this is detected"
                            + " only after a time limit ({} for a write, {} for other calls); add the instance"
                            + " before these routes are started",
                    String.join(", ", unguarded),
                    config.name(),
                    config.timeLimit(),
                    config.operation().compensation().stepTimeout());
        }
    }

    /**
     * Waits, before a run begins, while something that it depends on is known to be down.
     *
     * @throws SagaException if the run was revoked or passed its time limit meanwhile
     */
    public void awaitAvailable(ActiveRun run) throws InterruptedException {
        patience.awaitAvailable(run);
    }

    /**
     * Called after the saga's route has succeeded: the coordinator has closed the LRA, so the document becomes visible
     * now unless its callback has already done this.
     */
    public void closed(ActiveRun run) {
        if (run.hasOutcome()) {
            return;
        }
        patience.call(run, "complete", () -> completion.complete(run.sagaId(), run.number()));
    }

    /**
     * Called after the saga's route has failed, whatever the coordinator did: the compensation needs only the journal.
     */
    public CompletableFuture<SagaState> failed(ActiveRun run, Throwable thrown) {
        if (runs.release(run) || hasEnded(run)) {
            return CompletableFuture.completedFuture(
                    journal.sagas().find(run.sagaId()).orElseThrow().state());
        }
        SagaException failure = Failures.of(thrown, run.sagaId(), run.step());
        return compensator.compensate(run.sagaId(), run.number(), Failures.cause(failure, thrown));
    }

    /**
     * Compensates a saga for another, permanent reason than a failed step. A request of a run that does not own the
     * saga changes nothing.
     */
    public CompletableFuture<SagaState> compensate(String sagaId, int run, Reason reason, String message) {
        return compensator.compensate(sagaId, run, CompensationCause.permanent(reason, message));
    }

    /** As {@link #compensate(String, int, Reason, String)}, also for transient causes. */
    public CompletableFuture<SagaState> compensate(String sagaId, int run, CompensationCause cause) {
        return compensator.compensate(sagaId, run, cause);
    }

    /** Cancels a saga on behalf of an operator, whatever its run. */
    public CompletableFuture<SagaState> cancel(String sagaId) {
        return compensate(
                sagaId, journal.sagas().find(sagaId).orElseThrow().run(), Reason.CANCELLED, "cancelled by an operator");
    }

    /**
     * Pauses a saga and keeps what is written. Its step ends before its next side effect.
     *
     * @return false if it is compensating or final already
     */
    public boolean pause(String sagaId) {
        if (!journal.commands().pause(sagaId)) {
            return false;
        }
        // Nothing is deleted, so writes in progress need not be waited for. The run stays registered until its route
        // or the recovery ends it.
        runs.revoke(sagaId, new SagaException(Reason.CANCELLED, "saga " + sagaId + " was paused"), Duration.ZERO);
        return true;
    }

    /** Makes a COMPLETED saga's document visible in the stores where it is not yet. */
    public void publish(SagaRecord saga) {
        completion.publish(saga);
    }

    private void issueReceipt(SagaRecord saga) {
        receipts.completed(saga, counts::counts);
    }

    /** Issues the receipts that say that a document was deleted. Never throws. */
    public void issueReceipts(Deletion ended) {
        receipts.deleted(ended);
    }

    /**
     * Issues the receipts of documents and deletions that have none, and copies those that are not beside their
     * manifest yet.
     */
    public void issueReceipts() {
        receipts.issueDue(counts::counts);
    }

    /** Removes what is left to remove of replaced versions of documents, after a process was killed at it. */
    public void removeReplacedVersions() {
        completion.removeReplaced();
    }

    /**
     * Whether the saga is paused or was taken over by a later run, so that a failure of this run does not affect it.
     */
    private boolean hasEnded(ActiveRun run) {
        SagaRecord saga = journal.sagas().find(run.sagaId()).orElseThrow();
        return saga.state() == SagaState.PAUSED || saga.run() != run.number();
    }

    /**
     * The future outcome of a saga that this process is compensating or whose outcome it is reporting; empty if
     * neither.
     */
    public Optional<CompletableFuture<SagaState>> pendingOutcome(String sagaId) {
        return compensator.pendingOutcome(sagaId);
    }

    /** Sagas that this process is running or compensating now, which must not be taken over. */
    public Set<String> busy() {
        Set<String> busy = new HashSet<>(compensator.inFlight());
        runs.all().forEach(run -> busy.add(run.sagaId()));
        return busy;
    }

    /** Waits until no compensation is in progress here, at most this long. */
    public void awaitCompensations(Duration limit) {
        compensator.await(limit);
    }

    public StoreCounts counts() {
        return counts;
    }

    /** Hides and removes the documents of COMPLETED sagas. */
    public DocumentRemoval removal() {
        return removal;
    }

    /**
     * Retries the compensation of a clean-up entry's step, and so all entries of the same saga and step.
     *
     * @return the saga's entries that are still open
     */
    public List<CleanupEntry> retry(CleanupEntry entry) {
        SagaRecord saga = journal.sagas().find(entry.sagaId()).orElseThrow();
        steps.retry(saga, entry.step());
        return journal.cleanups().of(saga.sagaId()).stream()
                .filter(e -> e.state().isOpen())
                .toList();
    }

    /**
     * Removes what arrived in the bucket after its saga was compensated, from a write that got no answer. What cannot
     * be removed becomes a clean-up entry.
     */
    public void removeLateChunks(SagaRecord saga) {
        steps.removeLateWrites(saga);
    }

    /** Delivers the alerts that are journaled for a saga. */
    public void deliverAlerts(String sagaId) {
        alerts.deliver(sagaId);
    }

    /** Delivers again the alerts that could not be delivered. */
    public void redeliverAlerts() {
        alerts.redeliver();
    }

    /** Closes an entry on an operator's decision. */
    public void resolve(CleanupEntry entry, String reason) {
        resolve(List.of(entry), reason);
    }

    /** As {@link #resolve(CleanupEntry, String)}, for several entries of one saga. */
    public void resolve(List<CleanupEntry> entries, String reason) {
        entries.forEach(entry -> journal.outcomes().resolve(entry, reason));
        entries.stream().findFirst().ifPresent(entry -> alerts.deliver(entry.sagaId()));
    }

    @Override
    public CallbackHandler.CallbackAnswer compensate(Target target) {
        return answer(target, RouteNames.COMPENSATE);
    }

    @Override
    public CallbackHandler.CallbackAnswer complete(Target target) {
        return answer(target, RouteNames.COMPLETE);
    }

    private CallbackHandler.CallbackAnswer answer(Target target, String suffix) {
        Exchange reply = template.request(config.direct(target.step() + suffix), exchange -> {
            exchange.getMessage().setBody(target);
            traces.of(target.sagaId()).to(exchange);
        });
        if (reply.getException() != null) {
            throw CamelExecutionException.wrapCamelExecutionException(reply, reply.getException());
        }
        CallbackHandler.CallbackAnswer answer = reply.getMessage().getBody(CallbackHandler.CallbackAnswer.class);
        return answer == null ? CallbackHandler.CallbackAnswer.LATER : answer;
    }

    @Override
    public void close() {
        compensator.close();
        stores.close();
    }
}
