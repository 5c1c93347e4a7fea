package dev.streamingsaga.recovery;

import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.SagaConfig.RecoveryMode;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupRepository;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.OperatorCommand;
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
 * Maintains sagas, at start and periodically: renews leases, takes over sagas whose owner is gone, enforces time
 * limits, runs operator commands, publishes documents that are not visible in every store yet, retries clean-up entries
 * that are due.
 */
public final class Recovery implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

    /** One for each schedule: heartbeats, time limits and operator commands must not wait for a store that hangs. */
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

    /**
     * @param lockHeld this process holds the lock on the journal's directory, so every former owner of a saga has ended
     */
    public void start(boolean lockHeld) {
        takeOver(lockHeld);
        // A store may have been fixed while no process was running.
        publish(journal.sagas().unfinished().stream()
                .filter(saga -> saga.state() == SagaState.COMPLETED)
                .toList());
        long heartbeat = config.recovery().lease().toMillis() / 4;
        every(heartbeat, this::renewLeases);
        every(
                1000,
                this::enforceTimeLimits,
                () -> runs.endPaused(config.compensation().stepTimeout()),
                () -> journal.commands().pending().forEach(this::execute),
                () -> takeOver(false));
        every(
                1000,
                () -> publish(journal.sagas().publicationsDue()),
                () -> journal.cleanups().pendingCommands().forEach(this::execute),
                this::retryCleanups);
        every(30_000, this::removeLateChunks, engine::redeliverAlerts);
    }

    private void renewLeases() {
        Collection<ActiveRun> local = List.copyOf(runs.all());
        Set<String> renewed = journal.leases().renew(engine.busy());
        for (ActiveRun run : local) {
            if (renewed.contains(run.sagaId())) {
                run.leaseRenewed();
            } else if (journal.sagas().find(run.sagaId()).orElseThrow().run() != run.number()) {
                LOG.warn("another process has taken over saga {}; run {} ends here", run.sagaId(), run.number());
                runs.end(run);
            }
        }
    }

    /** A task that fails must not stop the other tasks, nor its own next execution. */
    private void every(long millis, Runnable... tasks) {
        timer.scheduleWithFixedDelay(
                () -> {
                    for (Runnable task : tasks) {
                        guarded(task);
                    }
                },
                Math.min(millis, 1000),
                millis,
                TimeUnit.MILLISECONDS);
    }

    private void removeLateChunks() {
        journal.sagas()
                .unswept(journal.clock().instant().minus(config.s3().timeout()))
                .forEach(saga -> guarded(() -> engine.removeLateChunks(saga)));
    }

    /** Sagas that this process has taken over and not finished yet. */
    public List<CompletableFuture<SagaState>> pending() {
        return List.copyOf(inFlight.values());
    }

    /** Unfinished sagas without an owner: resumed or compensated, as configured. */
    private void takeOver(boolean lockHeld) {
        if (timer.isShutdown()) {
            return; // sagas released from now on are for the next start
        }
        Set<String> busy = engine.busy();
        for (SagaRecord stale : journal.leases().stale(lockHeld)) {
            if (busy.contains(stale.sagaId())) {
                // It runs here. Only its heartbeat was late, for example because the process was suspended.
                continue;
            }
            Optional<OperatorCommand> command = journal.commands().find(stale.sagaId());
            if (command.filter(OperatorCommand.PAUSE::equals).isPresent()
                    && journal.commands().pause(stale.sagaId())) {
                continue;
            }
            boolean cancelled = command.filter(OperatorCommand.CANCEL::equals).isPresent();
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
                                : "the process that ran the saga ended before the saga, in run " + stale.lastRun()
                                        + "; compensated by the recovery");
            }
        }
    }

    /** One at a time: a document that cannot be published must not hold up the others. */
    private void publish(List<SagaRecord> completed) {
        completed.stream()
                .filter(saga -> runs.find(saga.sagaId()).isEmpty())
                .forEach(saga -> guarded(() -> engine.publish(saga)));
    }

    /**
     * Starts another run of a saga that no process runs.
     *
     * @return the final state; a failed future if another process took over the saga first
     */
    public CompletableFuture<SagaState> resume(SagaRecord stale) {
        if (!journal.leases().resume(stale, config.timeLimit())) {
            return CompletableFuture.failedFuture(
                    new IllegalStateException("saga " + stale.sagaId() + " was taken over by another process"));
        }
        LOG.info(
                "saga {} ({}) stopped in state {} in run {}; resuming",
                stale.sagaId(),
                stale.fileName(),
                stale.state(),
                stale.lastRun());
        ActiveRun run = runs.begin(journal.sagas().find(stale.sagaId()).orElseThrow());
        // The LRA of the former run. Its callbacks carry the former run number and change nothing.
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
                        failure); // the run may never have begun: then its lease expires and recovery takes over the
                // saga
            }
        }));
    }

    private SagaState attempt(ActiveRun run) {
        if (!runs.awaitEarlierRun(run, config.compensation().stepTimeout())) {
            LOG.warn(
                    "run {} of saga {} begins while a write of an earlier run is still in progress;"
                            + " that write cannot replace newer data",
                    run.number(),
                    run.sagaId());
        }
        if (run.revocation().isPresent()) {
            runs.end(run); // cancelled or paused meanwhile: that command finishes the saga
        } else {
            template.requestBody(config.direct(RouteNames.RESUME), run, IngestResult.class);
        }
        return journal.sagas().find(run.sagaId()).orElseThrow().state();
    }

    private void compensate(SagaRecord stale, String reason) {
        if (journal.leases().takeOver(stale)) {
            LOG.warn(
                    "saga {} ({}) was left in state {} by a process that is gone; compensating",
                    stale.sagaId(),
                    stale.fileName(),
                    stale.state());
            stale.lraId().ifPresent(coordinator::cancel);
            track(stale.sagaId(), engine.compensate(stale.sagaId(), stale.nextRun(), Reason.CANCELLED, reason));
        }
    }

    private CompletableFuture<SagaState> track(String sagaId, CompletableFuture<SagaState> end) {
        inFlight.put(sagaId, end);
        return end.whenComplete((state, failure) -> {
            inFlight.remove(sagaId, end);
            if (failure != null) {
                LOG.warn("saga {} was not finished ({}); recovery will take it over again", sagaId, failure.toString());
            }
        });
    }

    private void enforceTimeLimits() {
        Instant now = journal.clock().instant();
        for (ActiveRun run : runs.all()) {
            if (now.isAfter(run.received().deadline()) && run.revocation().isEmpty()) {
                engine.compensate(
                        run.sagaId(),
                        run.number(),
                        Reason.TIMEOUT,
                        "saga " + run.sagaId() + " passed its time limit at "
                                + run.received().deadline() + " in step " + run.step() + "; compensating");
            }
        }
    }

    private void execute(SagaRecord saga, OperatorCommand command) {
        switch (command) {
            case CANCEL -> engine.cancel(saga.sagaId());
            case PAUSE -> engine.pause(saga.sagaId());
            case RESUME -> {
                if (saga.state() == SagaState.PAUSED) {
                    resume(saga);
                } else {
                    journal.commands().clear(saga.sagaId());
                }
            }
        }
    }

    /**
     * Executes an operator command on a clean-up entry. The command is deleted only after it was executed, so that a
     * crash repeats it. A command on an entry that was closed meanwhile has no effect.
     */
    public void execute(CleanupRepository.PendingCommand command) {
        CleanupEntry entry =
                journal.cleanups().find(command.entry().cleanupId()).orElseThrow();
        if (entry.state().isOpen()) {
            switch (command.command()) {
                case RETRY -> engine.retry(entry);
                case RESOLVE -> engine.resolve(entry, command.reason());
            }
        }
        journal.cleanups().clearCommand(entry.cleanupId());
    }

    /** One attempt for each saga and step, however many pieces remain. */
    private void retryCleanups() {
        Set<String> tried = new HashSet<>();
        for (CleanupEntry entry : new ArrayList<>(journal.cleanups().due())) {
            if (tried.add(entry.sagaId() + " " + entry.step())) {
                engine.retry(entry);
            }
        }
    }

    /**
     * A failure, such as a database outage, must not end the schedule: an executor drops a periodic task that throws.
     */
    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            LOG.warn("a recovery task failed ({}); it runs again at its next interval", e.toString());
        }
    }

    /** Takes over no more sagas from now on. */
    public void drain() {
        timer.shutdown();
    }

    @Override
    public void close() {
        timer.shutdownNow();
        workers.shutdownNow();
    }
}
