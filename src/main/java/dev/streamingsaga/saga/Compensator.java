package dev.streamingsaga.saga;

import dev.streamingsaga.journal.CompensationCause;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.ShutdownException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compensates sagas, one compensation per saga at a time, however often it is requested. It stops the running step from
 * writing, then has all steps compensated ({@link StepCompensator}) and records the outcome. It needs only the journal,
 * no coordinator.
 */
public final class Compensator implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Compensator.class);

    private final Runs runs;
    private final Journal journal;
    private final StepCompensator steps;
    private final Alerts alerts;
    private final Duration stepTimeout;
    private final ExecutorService workers;
    private final Map<String, CompletableFuture<SagaState>> inFlight = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** @param stepTimeout time that a running step gets to stop */
    Compensator(Runs runs, StepCompensator steps, Alerts alerts, Duration stepTimeout, ExecutorService workers) {
        this.runs = runs;
        this.journal = runs.journal();
        this.steps = steps;
        this.alerts = alerts;
        this.stepTimeout = stepTimeout;
        this.workers = workers;
    }

    /**
     * Records the request, then compensates in the background.
     *
     * @param run the run that requests it; a request of an earlier run than the saga's changes nothing
     * @return the final state, also if the saga was final already; for a request of an earlier run, the saga's current
     *     state
     */
    public CompletableFuture<SagaState> compensate(String sagaId, int run, CompensationCause cause) {
        if (!journal.outcomes().beginCompensation(sagaId, run, cause)) {
            // The saga may be final, while its outcome is still being reported.
            CompletableFuture<SagaState> reporting = inFlight.get(sagaId);
            return reporting != null
                    ? reporting
                    : CompletableFuture.completedFuture(
                            journal.sagas().find(sagaId).orElseThrow().state());
        }
        CompletableFuture<SagaState> outcome = new CompletableFuture<>();
        CompletableFuture<SagaState> running = inFlight.putIfAbsent(sagaId, outcome);
        if (running != null) {
            return running;
        }
        try {
            workers.execute(() -> settle(sagaId, outcome));
        } catch (RuntimeException | Error e) {
            if (!closed) {
                LOG.warn(
                        "no thread to compensate saga {} ({}); compensating on the caller's thread",
                        sagaId,
                        StoreClient.reason(e));
                settle(sagaId, outcome);
            }
        }
        if (closed) {
            abandon(sagaId, outcome);
        }
        return outcome;
    }

    /** The future outcome of a saga that is being compensated or whose outcome is being reported; empty if neither. */
    Optional<CompletableFuture<SagaState>> pendingOutcome(String sagaId) {
        return Optional.ofNullable(inFlight.get(sagaId));
    }

    /** Removes the entry before it completes the future, so that a request after a failure starts a new attempt. */
    private void settle(String sagaId, CompletableFuture<SagaState> outcome) {
        try {
            SagaState state = compensateSaga(sagaId);
            inFlight.remove(sagaId);
            outcome.complete(state);
        } catch (RuntimeException | Error e) {
            inFlight.remove(sagaId);
            LOG.error(
                    "the compensation of saga {} stopped ({}); the recovery continues it",
                    sagaId,
                    StoreClient.reason(e));
            runs.find(sagaId).ifPresent(run -> runs.markLost(run, e));
            outcome.completeExceptionally(e);
        }
    }

    /** Sagas that this process is compensating now. */
    Set<String> inFlight() {
        return Set.copyOf(inFlight.keySet());
    }

    /** Waits until no compensation is in progress, at most this long. */
    void await(Duration limit) {
        CompletableFuture<?>[] running = inFlight.values().toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(running)
                .exceptionally(failure -> null)
                .completeOnTimeout(null, limit.toMillis(), TimeUnit.MILLISECONDS)
                .join();
    }

    private SagaState compensateSaga(String sagaId) {
        SagaRecord saga = journal.sagas().find(sagaId).orElseThrow();
        if (saga.state().isFinal()) {
            return saga.state();
        }
        SagaException cause = new SagaException(saga.reason().orElse(Reason.CANCELLED), saga.message());
        boolean stopped = runs.revoke(sagaId, cause, stepTimeout);
        if (!stopped) {
            String error = "a step did not stop within " + stepTimeout.toSeconds() + " s; compensating anyway";
            journal.events().append(sagaId, EventKind.COMPENSATION_ERROR, "", error, "");
        }
        Set<String> running = runs.writing(sagaId);
        steps.compensateSteps(saga);
        if (!stopped) {
            // A write that was in progress may still arrive, unless it has ended by now.
            boolean ended = runs.revoke(sagaId, cause, Duration.ZERO);
            steps.compensateLateWrites(saga, running, ended);
        }
        SagaState outcome = journal.outcomes().finishCompensation(sagaId, saga.run(), steps.residueEvents(saga));
        try {
            alerts.deliver(sagaId);
        } finally {
            runs.end(sagaId); // only now: callers that wait for the run expect the reports
        }
        return outcome;
    }

    @Override
    public void close() {
        closed = true;
        boolean interrupted = !inFlight.isEmpty();
        workers.shutdownNow();
        inFlight.forEach(this::abandon);
        if (interrupted) {
            expireLeases();
        }
    }

    private void expireLeases() {
        try {
            journal.leases().expireCompensations();
        } catch (RuntimeException e) {
            LOG.warn("interrupted compensations are continued when their lease has expired ({})", e.toString());
        }
    }

    /** Completes the future of a compensation that is not finished, so that no caller waits for ever. */
    private void abandon(String sagaId, CompletableFuture<SagaState> outcome) {
        outcome.completeExceptionally(new ShutdownException("the compensation of saga " + sagaId
                + " was interrupted because this instance is stopping; the next start continues it"));
    }
}
