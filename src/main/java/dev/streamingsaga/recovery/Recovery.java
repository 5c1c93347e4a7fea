package dev.streamingsaga.recovery;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.deletion.Deletions;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupRepository;
import dev.streamingsaga.journal.DueWork;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaRepository;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.saga.SagaEngine;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Maintains sagas, at start and periodically: renews leases, takes over sagas whose owner is gone, enforces time
 * limits, runs operator commands, delivers documents again, publishes documents that are not visible in every store
 * yet, removes replaced versions, continues deletions, retries clean-up entries that are due, issues receipts that are
 * missing.
 */
public final class Recovery implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

    /** One for each schedule: heartbeats, time limits and operator commands must not wait for a store that hangs. */
    private static final int THREADS = 5;

    private final SagaConfig config;
    private final Journal journal;
    private final Runs runs;
    private final SagaEngine engine;
    private final StaleSagas stale;
    private final RedeliverySchedule redeliveries;
    private final Deletions deletions;
    private final ScheduledExecutorService timer;
    private final Maintenance maintenance;

    /** @param parts what the recovery works with */
    public Recovery(SagaConfig config, CamelContext context, RecoveryDependencies parts) {
        this.config = config;
        this.runs = parts.runs();
        this.journal = runs.journal();
        this.engine = parts.engine();
        this.stale = new StaleSagas(config, context, parts);
        this.redeliveries = new RedeliverySchedule(config, context, journal, parts);
        this.deletions = parts.deletions();
        // One piece of work may call every store and the bucket.
        this.maintenance = new Maintenance(
                journal.singletons(),
                config.operation()
                        .compensation()
                        .stepTimeout()
                        .multipliedBy(config.participants().size() + 1L),
                System::nanoTime);
        this.timer = context.getExecutorServiceManager().newScheduledThreadPool(this, config.id("recovery"), THREADS);
    }

    /**
     * @param lockHeld this process holds the lock on the journal's directory, so every former owner of a saga has ended
     */
    public void start(boolean lockHeld) {
        if (lockHeld) {
            journal.singletons().expireOthers();
            journal.deletions().expireOthers();
        }
        stale.start(lockHeld);
        // A store may have been fixed while no process was running.
        publishAll();
        long heartbeat = config.operation().recovery().lease().toMillis() / 4;
        every(heartbeat, this::renewLeases, journal.nodes()::renew, journal.singletons()::renew);
        every(
                1000,
                this::enforceTimeLimits,
                () -> runs.endPaused(config.operation().compensation().stepTimeout()),
                this::doDueWork);
        every(30_000, this::maintain);
        every(5_000, engine::issueReceipts);
    }

    /** What one of the nodes does for all. */
    private void maintain() {
        if (maintenance.begin()) {
            try {
                guarded(this::removeLateChunks);
                guarded(engine::redeliverAlerts);
            } finally {
                maintenance.end();
            }
        }
    }

    /** One query while there is nothing to do. */
    private void doDueWork() {
        DueWork due = journal.dueWork(stale.left());
        if (due.commands()) {
            guarded(() -> journal.commands().pending().forEach(this::execute));
        }
        if (due.staleSagas()) {
            guarded(() -> stale.takeOver(false));
        }
        if (due.redeliveries()) {
            guarded(redeliveries::run);
        }
        if (due.deletions()) {
            guarded(deletions::runDue);
        }
        boolean storesWanted = due.publications() || due.cleanupCommands() || due.cleanups();
        if (storesWanted && maintenance.begin()) {
            timer.execute(() -> workOnStores(due));
        }
    }

    /** On a thread of its own: a store that hangs must not delay operator commands and take-overs. */
    private void workOnStores(DueWork due) {
        try {
            if (due.publications()) {
                guarded(() -> journal.sagas().publicationsDue().forEach(saga -> {
                    maintenance.progress();
                    publish(List.of(saga));
                }));
                guarded(engine::removeReplacedVersions);
            }
            if (due.cleanupCommands()) {
                guarded(() -> journal.cleanups().pendingCommands().forEach(command -> {
                    maintenance.progress();
                    execute(command);
                }));
            }
            if (due.cleanups()) {
                guarded(this::retryCleanups);
            }
        } finally {
            maintenance.end();
        }
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
                .lateWriteChecksDue(
                        journal.clock().instant().minus(config.servers().s3().timeout()))
                .forEach(saga -> {
                    maintenance.progress();
                    guarded(() -> engine.removeLateChunks(saga));
                });
    }

    /** Sagas that this process has taken over and not finished yet. */
    public List<CompletableFuture<SagaState>> pending() {
        return stale.pending();
    }

    private void publishAll() {
        List<SagaRecord> page = List.of();
        do {
            page = journal.sagas()
                    .unpublished(page.isEmpty() ? "" : page.get(page.size() - 1).sagaId());
            publish(page);
        } while (page.size() == SagaRepository.PAGE);
        guarded(engine::removeReplacedVersions);
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
     * @return the final state; a failed future if another process took over the saga first, or only another host can
     *     read its source
     */
    public CompletableFuture<SagaState> resume(SagaRecord saga) {
        return stale.resume(saga);
    }

    private void enforceTimeLimits() {
        Instant now = journal.clock().instant();
        for (ActiveRun run : runs.all()) {
            if (now.isAfter(run.initialSaga().deadline()) && run.revocation().isEmpty()) {
                engine.compensate(
                        run.sagaId(),
                        run.number(),
                        Reason.TIMEOUT,
                        "saga " + run.sagaId() + " passed its time limit at "
                                + run.initialSaga().deadline() + " in step " + run.step() + "; compensating");
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
                maintenance.progress();
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

    /** Takes over, resumes and delivers again no more sagas from now on; keeps the leases of those that run. */
    public void refuseSagas() {
        redeliveries.drain();
        deletions.drain();
        stale.drain();
    }

    /** As {@link #refuseSagas}, and ends all periodic work. What this node did for all is left to the others. */
    public void drain() {
        redeliveries.drain();
        deletions.drain();
        stale.drain();
        if (!timer.isShutdown()) {
            // Not on this thread: a database that does not answer must not delay a stop.
            timer.execute(() -> {
                guarded(journal.singletons()::releaseAll);
                guarded(journal.nodes()::leave);
            });
            timer.shutdown();
        }
    }

    @Override
    public void close() {
        timer.shutdown();
        try {
            timer.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        timer.shutdownNow();
        redeliveries.close();
        stale.close();
    }
}
