package dev.streamingsaga.recovery;

import dev.streamingsaga.config.OperationConfig.RecoveryMode;
import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.CompensationCause;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Leases.SourceLocation;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.lra.JournalSagaService;
import dev.streamingsaga.saga.SagaEngine;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes over sagas that no process runs: starts another run of each, or compensates it. */
final class StaleSagas implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StaleSagas.class);

    private final SagaConfig config;
    private final Journal journal;
    private final Runs runs;
    private final SagaEngine engine;
    private final JournalSagaService coordinator;
    private final ProducerTemplate template;
    private final ExecutorService workers;
    private final SourceWaits sources;
    private final Map<String, CompletableFuture<SagaState>> inFlight = new ConcurrentHashMap<>();
    private volatile boolean draining;
    private volatile boolean exclusive;

    StaleSagas(SagaConfig config, CamelContext context, RecoveryDependencies parts) {
        this.config = config;
        this.runs = parts.runs();
        this.journal = runs.journal();
        this.engine = parts.engine();
        this.coordinator = parts.coordinator();
        this.sources = new SourceWaits(config, journal, parts.host(), parts.alerts());
        this.template = context.createProducerTemplate();
        this.workers = context.getExecutorServiceManager()
                .newFixedThreadPool(this, config.id("recovery-worker"), config.concurrency());
    }

    /** Sagas that this process has taken over and not finished yet. */
    List<CompletableFuture<SagaState>> pending() {
        return List.copyOf(inFlight.values());
    }

    /**
     * Takes over what is stale when this process starts.
     *
     * @param lockHeld every former owner of a saga has ended, and no other node works on the journal
     */
    void start(boolean lockHeld) {
        exclusive = lockHeld;
        takeOver(lockHeld);
    }

    /** Ids of stale sagas that this node leaves to the host that has their original. */
    List<String> left() {
        return sources.left();
    }

    /** Unfinished sagas without an owner: resumed or compensated, as configured. */
    void takeOver(boolean lockHeld) {
        if (draining) {
            return; // sagas released from now on are for the next start
        }
        Set<String> busy = engine.busy();
        for (SagaRecord stale : journal.leases().stale(lockHeld, sources.left())) {
            if (busy.contains(stale.sagaId())) {
                // It runs here. Only its heartbeat was late, for example because the process was suspended.
                continue;
            }
            takeOver(stale);
        }
    }

    /** As configured, unless an operator has decided otherwise. */
    private void takeOver(SagaRecord stale) {
        Optional<OperatorCommand> command = journal.commands().find(stale.sagaId());
        if (command.filter(OperatorCommand.PAUSE::equals).isPresent()
                && journal.commands().pause(stale.sagaId())) {
            return;
        }
        if (command.filter(OperatorCommand.CANCEL::equals).isPresent()) {
            compensate(stale, CompensationCause.permanent(Reason.CANCELLED, "cancelled by an operator"));
        } else if (journal.uploads().findOpen(stale.sagaId()).isPresent()) {
            leaveOrGiveUp(stale);
        } else if (isResumable(stale)) {
            sources.find(stale, exclusive)
                    .ifPresentOrElse(
                            source -> resume(stale, source),
                            () -> sources.leave(stale)
                                    .ifPresent(end ->
                                            compensate(stale, new CompensationCause(Reason.TIMEOUT, end, true))));
        } else {
            String message = "the process that ran the saga ended before the saga, in run " + stale.lastRun()
                    + "; compensated by the recovery";
            // A document that ended too many processes would end the next one, too.
            compensate(stale, new CompensationCause(Reason.CANCELLED, message, hasRunsLeft(stale)));
        }
    }

    private boolean isResumable(SagaRecord stale) {
        return config.operation().recovery().mode() == RecoveryMode.RESUME
                && stale.state() != SagaState.COMPENSATING
                && stale.participants().equals(config.participants())
                && hasRunsLeft(stale);
    }

    private boolean hasRunsLeft(SagaRecord stale) {
        return stale.failedRuns() < config.operation().recovery().maxRuns();
    }

    /**
     * Starts another run of a saga that no process runs.
     *
     * @return the final state; a failed future if another process took over the saga first, or only another host can
     *     read its source
     */
    CompletableFuture<SagaState> resume(SagaRecord stale) {
        Optional<SourceLocation> source = sources.find(stale, exclusive);
        if (source.isPresent()) {
            return resume(stale, source.get());
        }
        if (!draining) {
            journal.leases().offer(stale, config.timeLimit());
        }
        return CompletableFuture.failedFuture(new IllegalStateException(
                "saga " + stale.sagaId() + " is left to the host that has its original, which this node cannot read"));
    }

    private CompletableFuture<SagaState> resume(SagaRecord stale, SourceLocation source) {
        if (draining) {
            return CompletableFuture.failedFuture(new ShutdownException("saga " + stale.sagaId()
                    + " was not resumed because this instance is stopping; another node or the next start does it"));
        }
        if (journal.uploads().findOpen(stale.sagaId()).isPresent()) {
            leaveOrGiveUp(stale);
            return CompletableFuture.completedFuture(SagaState.UPLOADING);
        }
        sources.forget(stale.sagaId());
        if (!journal.leases().resume(stale, config.timeLimit(), source)) {
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
                // The run may never have begun: then its lease expires, and the recovery takes the saga over.
                runs.markLost(run, failure);
            }
        }));
    }

    private SagaState attempt(ActiveRun run) {
        if (!runs.awaitEarlierRun(run, config.operation().compensation().stepTimeout())) {
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

    /** The body of the saga is incomplete: its sender may continue it, or it is given up. */
    private void leaveOrGiveUp(SagaRecord stale) {
        if (!journal.uploads().leave(stale)) {
            compensate(
                    stale,
                    CompensationCause.permanent(
                            Reason.CLIENT_ABORTED,
                            "the body did not arrive completely before its process ended or it expired"
                                    + " (saga.http.uploads.expire); what has arrived is removed, send it again"));
        }
    }

    private void compensate(SagaRecord stale, CompensationCause cause) {
        sources.forget(stale.sagaId());
        if (journal.leases().takeOver(stale)) {
            LOG.warn(
                    "saga {} ({}) was left in state {} by a process that is gone; compensating",
                    stale.sagaId(),
                    stale.fileName(),
                    stale.state());
            stale.lraId().ifPresent(coordinator::cancel);
            track(stale.sagaId(), engine.compensate(stale.sagaId(), stale.nextRun(), cause));
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

    /** Takes over and resumes no more sagas from now on. */
    void drain() {
        draining = true;
    }

    @Override
    public void close() {
        drain();
        workers.shutdownNow();
    }
}
