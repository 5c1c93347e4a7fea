package dev.streamingsaga.recovery;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.SagaConfig.RecoveryMode;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.CleanupEntries;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.lra.JournalSagaService;
import dev.streamingsaga.saga.SagaEngine;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after sagas, at start and continuously: heartbeats of our own, sagas whose owner is gone, time limits, what
 * people asked for from outside, documents that are not visible everywhere yet, clean-up entries whose time has come.
 */
public final class Recovery implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

    /** One for each kind of work: heartbeats, time limits and wishes must not wait for a store that hangs. */
    private static final int THREADS = 4;

    private final SagaConfig config;
    private final Journal journal;
    private final Runs runs;
    private final SagaEngine engine;
    private final JournalSagaService coordinator;
    private final ProducerTemplate template;
    private final ScheduledExecutorService timer;
    private final ExecutorService workers;
    private final Map<String, CompletableFuture<SagaState>> inFlight = new ConcurrentHashMap<>();

    public Recovery(
            SagaConfig config,
            CamelContext context,
            Journal journal,
            Runs runs,
            SagaEngine engine,
            JournalSagaService coordinator) {
        this.config = config;
        this.journal = journal;
        this.runs = runs;
        this.engine = engine;
        this.coordinator = coordinator;
        this.template = context.createProducerTemplate();
        this.timer = context.getExecutorServiceManager().newScheduledThreadPool(this, config.id("recovery"), THREADS);
        this.workers = context.getExecutorServiceManager()
                .newFixedThreadPool(this, config.id("recovery-worker"), config.concurrency());
    }

    /** @param lockHeld this process holds the lock on the journal's directory: whoever owned a saga before is dead */
    public void start(boolean lockHeld) {
        takeOver(lockHeld);
        // Whatever kept a store from it may have been mended while nobody ran.
        publish(journal.unfinished().stream()
                .filter(saga -> saga.state() == SagaState.COMPLETED)
                .toList());
        long heartbeat = config.recovery().lease().toMillis() / 4;
        every(heartbeat, this::renewLeases);
        every(
                1000,
                this::enforceTimeLimits,
                () -> runs.endPaused(config.compensation().stepTimeout()),
                () -> journal.operatorCommands().forEach(this::execute),
                () -> takeOver(false));
        every(
                1000,
                () -> publish(journal.publicationsDue()),
                () -> journal.cleanups().pendingCommands().forEach(this::execute),
                this::retryCleanups);
        every(30_000, this::removeLateChunks, engine::redeliverAlerts);
    }

    private void renewLeases() {
        Collection<ActiveRun> mine = List.copyOf(runs.all());
        Set<String> renewed = journal.renewLeases(engine.busy());
        for (ActiveRun run : mine) {
            if (renewed.contains(run.sagaId())) {
                run.leaseRenewed();
            } else if (journal.saga(run.sagaId()).orElseThrow().run() != run.number()) {
                LOG.warn("saga {} is another process's by now; its run {} ends here", run.sagaId(), run.number());
                runs.end(run);
            }
        }
    }

    /** One failing part must not keep the others from their turn, and none from its next. */
    private void every(long millis, Runnable... parts) {
        timer.scheduleWithFixedDelay(
                () -> {
                    for (Runnable part : parts) {
                        guarded(part);
                    }
                },
                Math.min(millis, 1000),
                millis,
                TimeUnit.MILLISECONDS);
    }

    private void removeLateChunks() {
        journal.unswept(journal.clock().instant().minus(config.s3().timeout()))
                .forEach(saga -> guarded(() -> engine.removeLateChunks(saga)));
    }

    /** Sagas that this process has taken over and not brought to their end yet. */
    public List<CompletableFuture<SagaState>> pending() {
        return List.copyOf(inFlight.values());
    }

    /** Unfinished sagas without an owner: resumed or compensated, as configured. */
    private void takeOver(boolean lockHeld) {
        if (timer.isShutdown()) {
            return; // what is handed back now is for the next start
        }
        Set<String> busy = engine.busy();
        for (SagaRecord stale : journal.stale(lockHeld)) {
            if (busy.contains(stale.sagaId())) {
                // Ours, and at work: only its heartbeat was late, say because the process was stopped for a while.
                continue;
            }
            Optional<Journal.OperatorCommand> wish = journal.operatorCommand(stale.sagaId());
            if (wish.filter(Journal.OperatorCommand.PAUSE::equals).isPresent() && journal.pause(stale.sagaId())) {
                continue;
            }
            boolean cancelled =
                    wish.filter(Journal.OperatorCommand.CANCEL::equals).isPresent();
            boolean resume = !cancelled
                    && config.recovery().mode() == RecoveryMode.RESUME
                    && stale.state() != SagaState.COMPENSATING
                    && stale.participants().equals(config.participants())
                    && stale.failedRuns() < config.recovery().maxRuns();
            if (resume) {
                resume(stale);
            } else {
                compensate(
                        stale,
                        cancelled
                                ? "cancelled by an operator"
                                : "the process that ran the saga ended before the saga did, in run " + stale.lastRun()
                                        + "; compensated by the recovery");
            }
        }
    }

    /** Each on its own: a document that can't be turned visible must not keep the others from it. */
    private void publish(List<SagaRecord> completed) {
        completed.stream()
                .filter(saga -> runs.find(saga.sagaId()).isEmpty())
                .forEach(saga -> guarded(() -> engine.publish(saga)));
    }

    /**
     * Another attempt at a saga that nobody runs.
     *
     * @return its end; a cancelled future if another process was quicker
     */
    public CompletableFuture<SagaState> resume(SagaRecord stale) {
        if (!journal.resume(stale, config.timeLimit())) {
            return CompletableFuture.failedFuture(
                    new IllegalStateException("saga " + stale.sagaId() + " was taken over by another process"));
        }
        LOG.info(
                "saga {} ({}) was left {} in run {}; resuming",
                stale.sagaId(),
                stale.fileName(),
                stale.state(),
                stale.lastRun());
        ActiveRun run = runs.begin(journal.saga(stale.sagaId()).orElseThrow());
        // The former run's LRA: whatever it still calls is told apart by its run number and changes nothing.
        stale.lraId().ifPresent(coordinator::cancel);
        CompletableFuture<SagaState> end;
        try {
            end = CompletableFuture.supplyAsync(() -> attempt(run), workers);
        } catch (RuntimeException | Error e) {
            end = CompletableFuture.failedFuture(e);
        }
        return track(stale.sagaId(), end.whenComplete((state, failure) -> {
            if (failure != null && runs.release(run)) {
                runs.end(run);
            } else if (failure != null) {
                runs.markLost(
                        run,
                        failure); // it may never have begun: then its lease runs out, and the saga is taken up again
            }
        }));
    }

    private SagaState attempt(ActiveRun run) {
        if (!runs.awaitEarlierRun(run, config.compensation().stepTimeout())) {
            LOG.warn(
                    "run {} of saga {} begins though a write of an earlier run is still under way; it can't replace what is written now",
                    run.number(),
                    run.sagaId());
        }
        if (run.calledOff().isPresent()) {
            runs.end(run); // cancelled or paused meanwhile: whoever did it brings the saga to its end
        } else {
            template.requestBody(config.direct("resume"), run, IngestResult.class);
        }
        return journal.saga(run.sagaId()).orElseThrow().state();
    }

    private void compensate(SagaRecord stale, String why) {
        if (journal.takeOver(stale)) {
            LOG.warn(
                    "saga {} ({}) was left {} by a process that is gone; compensating",
                    stale.sagaId(),
                    stale.fileName(),
                    stale.state());
            stale.lraId().ifPresent(coordinator::cancel);
            track(stale.sagaId(), engine.compensate(stale.sagaId(), stale.nextRun(), Reason.CANCELLED, why));
        }
    }

    private CompletableFuture<SagaState> track(String sagaId, CompletableFuture<SagaState> end) {
        inFlight.put(sagaId, end);
        return end.whenComplete((state, failure) -> {
            inFlight.remove(sagaId, end);
            if (failure != null) {
                LOG.warn("saga {} was not brought to its end ({}); it is taken up again", sagaId, failure.toString());
            }
        });
    }

    private void enforceTimeLimits() {
        Instant now = journal.clock().instant();
        for (ActiveRun run : runs.all()) {
            if (now.isAfter(run.received().deadline()) && run.calledOff().isEmpty()) {
                engine.compensate(
                        run.sagaId(),
                        run.number(),
                        Reason.TIMEOUT,
                        "saga " + run.sagaId() + " passed its time limit at "
                                + run.received().deadline() + " in step " + run.step() + "; compensating");
            }
        }
    }

    private void execute(SagaRecord saga, Journal.OperatorCommand wish) {
        switch (wish) {
            case CANCEL -> engine.cancel(saga.sagaId());
            case PAUSE -> engine.pause(saga.sagaId());
            case RESUME -> {
                if (saga.state() == SagaState.PAUSED) {
                    resume(saga);
                } else {
                    journal.clearOperatorCommand(saga.sagaId());
                }
            }
        }
    }

    /**
     * What a person wants of a clean-up entry. The wish is forgotten only once it is fulfilled, so that a crash repeats
     * it; of an entry that was closed meanwhile nothing is wanted any more.
     */
    public void execute(CleanupEntries.PendingCommand wanted) {
        CleanupEntry entry = journal.cleanups().find(wanted.entry().cleanupId()).orElseThrow();
        if (entry.state().isOpen()) {
            switch (wanted.wish()) {
                case RETRY -> engine.retry(entry);
                case RESOLVE -> engine.resolve(entry, wanted.why());
            }
        }
        journal.cleanups().clearCommand(entry.cleanupId());
    }

    /** One attempt for each saga and step, however many pieces of it are left. */
    private void retryCleanups() {
        Set<String> tried = new HashSet<>();
        for (CleanupEntry entry : new ArrayList<>(journal.cleanups().due())) {
            if (tried.add(entry.sagaId() + " " + entry.step())) {
                engine.retry(entry);
            }
        }
    }

    /** A failure, such as a database that is away, must not end the rounds: a timer forgets a task that throws. */
    private void guarded(Runnable part) {
        try {
            part.run();
        } catch (RuntimeException | Error e) {
            LOG.warn("looking after sagas failed ({}); tried again in the next round", e.toString());
        }
    }

    /** From now on nothing is taken up any more. */
    public void drain() {
        timer.shutdown();
    }

    @Override
    public void close() {
        timer.shutdownNow();
        workers.shutdownNow();
    }
}
