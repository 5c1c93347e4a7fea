package dev.streamingsaga.saga;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.lra.CallbackHandler;
import dev.streamingsaga.lra.CallbackToken;
import dev.streamingsaga.lra.CallbackToken.Target;
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

/** The door of the saga protocol: builds its routes, settles what they leave open, and answers the coordinator. */
public final class SagaEngine implements CallbackHandler, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SagaEngine.class);

    private final SagaConfig config;
    private final Journal journal;
    private final Runs runs;
    private final ProducerTemplate template;
    private final StoreClient stores;
    private final Compensator compensator;
    private final Completion completion;
    private final Participants participants;
    private final StoreCounts outcomes;
    private final Alerts alerts;
    private final Traces traces;

    public SagaEngine(
            SagaConfig config, CamelContext context, Runs runs, Journal journal, CallbackToken tokens, Alerts alerts) {
        ExecutorServiceManager executors = context.getExecutorServiceManager();
        this.config = config;
        this.journal = journal;
        this.runs = runs;
        this.alerts = alerts;
        this.template = context.createProducerTemplate();
        this.traces = Traces.of(context);
        this.stores = new StoreClient(config, context);
        this.compensator = new Compensator(
                config,
                journal,
                runs,
                stores,
                alerts,
                executors.newFixedThreadPool(this, config.id("compensator"), Math.max(2, config.concurrency())));
        this.completion = new Completion(
                new Completion.CompletionParts(journal, runs, stores, compensator, alerts),
                config.compensation().residue());
        this.participants = new Participants(runs, tokens, compensator, completion);
        this.outcomes = new StoreCounts(stores);
    }

    /** @param validate and {@code start}: the two steps that belong to the way in */
    public RoutesBuilder routes(CamelSagaService service, Processor validate, Processor start) {
        return new SagaRoutes(config, service, participants, validate, start);
    }

    /** @throws ConfigException if a participant lacks one of its two routes: better now than when a saga needs it */
    public void requireRoutes() {
        List<String> missing = stores.missing(config.participants());
        if (!missing.isEmpty()) {
            throw ConfigException.of("saga.participants names stores without routes; missing: "
                    + String.join(", ", missing) + "; add them in " + config.routesDir() + ", or take the name out");
        }
        List<String> unguarded = stores.unguarded(config.participants());
        if (!unguarded.isEmpty()) {
            LOG.warn(
                    "routes {} were started before instance {} was added: should one die of an Error, that is noticed when a time limit has passed ({} for a write, "
                            + "{} for all else), and not at once; add the instance before they are started",
                    String.join(", ", unguarded),
                    config.name(),
                    config.timeLimit(),
                    config.compensation().stepTimeout());
        }
    }

    /**
     * After the saga route ended well: the coordinator closed, so the document becomes visible now if its callback has
     * not made it so.
     */
    public void closed(ActiveRun run) {
        completion.complete(run.sagaId(), run.number());
    }

    /**
     * After the saga route failed, whatever the coordinator made of it: the journal alone brings the saga to its end.
     */
    public CompletableFuture<SagaState> failed(ActiveRun run, Throwable thrown) {
        if (runs.release(run) || hasEnded(run)) {
            return CompletableFuture.completedFuture(
                    journal.saga(run.sagaId()).orElseThrow().state());
        }
        SagaException failure = Failures.of(thrown, run.sagaId(), run.step());
        return compensator.compensate(
                run.sagaId(), run.number(), failure.reason(), String.valueOf(failure.getMessage()));
    }

    /** Undoes a saga for another reason than a failed step; of another run than the saga's nothing changes. */
    public CompletableFuture<SagaState> compensate(String sagaId, int run, Reason reason, String message) {
        return compensator.compensate(sagaId, run, reason, message);
    }

    /** As an operator wants it, whatever run the saga is in. */
    public CompletableFuture<SagaState> cancel(String sagaId) {
        return compensator.compensate(
                sagaId, journal.saga(sagaId).orElseThrow().run(), Reason.CANCELLED, "cancelled by an operator");
    }

    /**
     * Stops a saga where it is; what is written stays. Its step ends at the next side effect.
     *
     * @return false if it is compensating or final already
     */
    public boolean pause(String sagaId) {
        if (!journal.pause(sagaId)) {
            return false;
        }
        // Nothing is deleted, so nobody waits for writes under way; the run stays known until its route has ended, or
        // the recovery ends it.
        runs.revoke(sagaId, new SagaException(Reason.CANCELLED, "saga " + sagaId + " was paused"), Duration.ZERO);
        return true;
    }

    /** Turns a COMPLETED saga's document visible in the stores that have not done so yet. */
    public void publish(SagaRecord saga) {
        completion.publish(saga);
    }

    /** Paused, or taken over by a later run: nothing that this run meets concerns the saga any more. */
    private boolean hasEnded(ActiveRun run) {
        SagaRecord saga = journal.saga(run.sagaId()).orElseThrow();
        return saga.state() == SagaState.PAUSED || saga.run() != run.number();
    }

    /** What tells the outcome of a saga that this process undoes, or has undone and tells of; empty if neither. */
    public Optional<CompletableFuture<SagaState>> pendingOutcome(String sagaId) {
        return compensator.pendingOutcome(sagaId);
    }

    /** Sagas that this process runs or undoes now: nobody else's to take over. */
    public Set<String> busy() {
        Set<String> busy = new HashSet<>(compensator.inFlight());
        runs.all().forEach(run -> busy.add(run.sagaId()));
        return busy;
    }

    public StoreCounts outcomes() {
        return outcomes;
    }

    /**
     * Tries a clean-up entry's step again, and with it all entries of the same saga and step.
     *
     * @return the entries still open
     */
    public List<CleanupEntry> retry(CleanupEntry entry) {
        SagaRecord saga = journal.saga(entry.sagaId()).orElseThrow();
        compensator.retry(saga, entry.step());
        return journal.cleanups().of(saga.sagaId()).stream()
                .filter(e -> e.state().isOpen())
                .toList();
    }

    /**
     * Removes what arrived after its saga was undone: the answer never came, so nobody could wait for it. What resists
     * becomes clean-up entries.
     */
    public void removeLateChunks(SagaRecord saga) {
        compensator.sweep(saga);
    }

    /** Alerts that could not be told: again. */
    public void redeliverAlerts() {
        alerts.redeliver();
    }

    /** A person closes an entry. */
    public void resolve(CleanupEntry entry, String why) {
        resolve(List.of(entry), why);
    }

    /** As {@link #resolve(CleanupEntry, String)}, for several entries of one saga. */
    public void resolve(List<CleanupEntry> entries, String why) {
        entries.forEach(entry -> journal.resolve(entry, why));
        entries.stream().findFirst().ifPresent(entry -> alerts.deliver(entry.sagaId()));
    }

    @Override
    public CallbackHandler.CallbackAnswer compensate(Target target) {
        return answer(target, "-compensate");
    }

    @Override
    public CallbackHandler.CallbackAnswer complete(Target target) {
        return answer(target, "-complete");
    }

    private CallbackHandler.CallbackAnswer answer(Target target, String suffix) {
        Exchange answered = template.request(config.direct(target.step() + suffix), exchange -> {
            exchange.getMessage().setBody(target);
            traces.of(target.sagaId()).to(exchange);
        });
        if (answered.getException() != null) {
            throw CamelExecutionException.wrapCamelExecutionException(answered, answered.getException());
        }
        CallbackHandler.CallbackAnswer answer = answered.getMessage().getBody(CallbackHandler.CallbackAnswer.class);
        return answer == null ? CallbackHandler.CallbackAnswer.LATER : answer;
    }

    @Override
    public void close() {
        compensator.close();
        stores.close();
    }
}
