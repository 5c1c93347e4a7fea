package dev.streamingsaga.saga;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupRepository.Residue;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.DocumentFacts;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.EventDraft;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.journal.StepCompensation;
import dev.streamingsaga.journal.StepRecord;
import dev.streamingsaga.journal.StepState;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.saga.StoreClient.StoreContents;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compensates sagas, one compensation per saga at a time, however often it is requested. It stops the running step from
 * writing, compensates every step that may have written according to the journal, newest first, continues after a
 * failed step, and checks each store afterwards. What remains becomes a clean-up entry. It needs only the journal, no
 * coordinator.
 */
public final class Compensator implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Compensator.class);

    private final SagaConfig config;
    private final Journal journal;
    private final Runs runs;
    private final StoreClient stores;
    private final Alerts alerts;
    private final ExecutorService workers;
    private final Map<String, CompletableFuture<SagaState>> inFlight = new ConcurrentHashMap<>();
    private volatile boolean closed;

    Compensator(
            SagaConfig config, Journal journal, Runs runs, StoreClient stores, Alerts alerts, ExecutorService workers) {
        this.config = config;
        this.journal = journal;
        this.runs = runs;
        this.stores = stores;
        this.alerts = alerts;
        this.workers = workers;
    }

    /**
     * Records the request, then compensates in the background.
     *
     * @param run the run that requests it; a request of an earlier run than the saga's changes nothing
     * @return the final state, also if the saga was final already; for a request of an earlier run, the saga's current
     *     state
     */
    public CompletableFuture<SagaState> compensate(String sagaId, int run, Reason reason, String message) {
        if (!journal.outcomes().beginCompensation(sagaId, run, reason, message)) {
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

    private SagaState compensateSaga(String sagaId) {
        SagaRecord saga = journal.sagas().find(sagaId).orElseThrow();
        if (saga.state().isFinal()) {
            return saga.state();
        }
        SagaException cause = new SagaException(saga.reason().orElse(Reason.CANCELLED), saga.message());
        boolean stopped = runs.revoke(sagaId, cause, config.compensation().stepTimeout());
        if (!stopped) {
            journal.events()
                    .append(
                            sagaId,
                            EventKind.COMPENSATION_ERROR,
                            "",
                            "a step did not stop within "
                                    + config.compensation().stepTimeout().toSeconds() + " s; compensating anyway",
                            "");
        }
        Set<String> running = runs.writing(sagaId);
        compensateSteps(saga);
        if (!stopped) {
            compensateLateWrites(saga, running, cause);
        }
        SagaState outcome = journal.outcomes().finishCompensation(sagaId, saga.run(), residueEvents(saga));
        try {
            alerts.deliver(sagaId);
        } finally {
            runs.end(sagaId); // only now: callers that wait for the run expect the reports
        }
        return outcome;
    }

    /**
     * A write that was in progress while its step was compensated may still arrive: unless it has ended by now, it
     * counts as residue.
     */
    private void compensateLateWrites(SagaRecord saga, Set<String> running, SagaException cause) {
        boolean ended = runs.revoke(saga.sagaId(), cause, Duration.ZERO);
        // The manifest is in the bucket, too.
        running.stream()
                .map(step -> isStore(saga, step) ? step : StoreNames.UPLOAD)
                .distinct()
                .forEach(step -> {
                    if (ended) {
                        compensateStep(saga, step);
                    } else {
                        journal.outcomes()
                                .residue(
                                        saga,
                                        step,
                                        new Residue(
                                                storeResource(saga, step),
                                                "a write did not end and may arrive after the delete"),
                                        config.compensation().residue(),
                                        residueEvents(saga));
                    }
                });
    }

    /** Removes the data of a completed saga after its newer version has become visible. */
    void removeVersion(SagaRecord superseded) {
        compensateSteps(superseded);
        alerts.deliver(superseded.sagaId());
    }

    private void compensateSteps(SagaRecord saga) {
        List<StepRecord> steps = new ArrayList<>(journal.steps().of(saga.sagaId()));
        steps.sort(Comparator.comparingInt(StepRecord::ordinal).reversed());
        for (StepRecord step : steps) {
            if (step.mayHoldData() && isStore(saga, step.name())) {
                compensateStep(saga, step.name());
            } else if (step.mayHoldData()) {
                journal.steps().compensation(saga.sagaId(), saga.run(), step.name(), StepState.COMPENSATED);
            }
        }
    }

    static boolean isStore(SagaRecord saga, String step) {
        return step.equals(StoreNames.UPLOAD) || saga.participants().contains(step);
    }

    /**
     * Throws only if the journal fails or the process stops: a failure of one step must not prevent the compensation of
     * the others.
     */
    private void compensateStep(SagaRecord saga, String step) {
        journal.steps().compensation(saga.sagaId(), saga.run(), step, StepState.COMPENSATING);
        StepCompensation result;
        try {
            result = remove(saga, step, knownKeys(saga, step));
        } catch (StoreClient.StoppingException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            result = crashed(saga, step, e);
        }
        record(saga, step, result);
    }

    private void record(SagaRecord saga, String step, StepCompensation result) {
        journal.outcomes()
                .stepCompensated(saga, step, result, config.compensation().residue(), residueEvents(saga));
        alerts.deliver(saga.sagaId());
    }

    private EventDraft.OnResidue residueEvents(SagaRecord saga) {
        return new EventDraft.OnResidue() {
            @Override
            public List<EventDraft> about(List<CleanupEntry> open) {
                return alerts.residue(saga, open);
            }

            @Override
            public List<EventDraft> blocked(List<CleanupEntry> blocked) {
                return alerts.blocked(saga, blocked);
            }
        };
    }

    /** Retries the compensation of a step. */
    void retry(SagaRecord saga, String step) {
        record(saga, step, remove(saga, step, knownKeys(saga, step)));
    }

    /**
     * Checks whether something arrived in the bucket after the saga was compensated, and removes it. What cannot be
     * removed or checked becomes a clean-up entry, and the saga is PARTIALLY_COMPENSATED until it is closed.
     */
    void sweep(SagaRecord saga) {
        StepCompensation result =
                remove(saga, StoreNames.UPLOAD, journal.chunks().unanswered(saga.sagaId()));
        if (!result.residues().isEmpty()) {
            LOG.warn(
                    "objects of saga {} arrived in the bucket after its compensation, or the bucket cannot be checked; they count as residue",
                    saga.sagaId());
            record(saga, StoreNames.UPLOAD, result);
        }
        journal.outcomes().swept(saga.sagaId());
    }

    /** For the bucket the journal knows the names. */
    private List<String> knownKeys(SagaRecord saga, String step) {
        return step.equals(StoreNames.UPLOAD)
                ? journal.chunks().keys(saga.sagaId())
                : List.of(storeResource(saga, step));
    }

    /**
     * Removes a saga's data from one store, then checks the store.
     *
     * @param known names of what may be there, if the store cannot report it
     * @return the residue; none if the store reports none
     */
    private StepCompensation remove(SagaRecord saga, String step, List<String> known) {
        Optional<Document> document = saga.document();
        if (document.isEmpty()) {
            return StepCompensation.CLEAN;
        }
        Map<String, Object> facts = facts(saga, document.get(), step, known);
        Set<String> remaining = new LinkedHashSet<>();
        String error = "still there after the delete";
        try {
            StoreContents residue = stores.compensate(step, facts);
            remaining.addAll(residue.names(storeResource(saga, step)));
            error = residue.reason().orElse(error);
        } catch (StoreCallException e) {
            error = String.valueOf(e.getMessage());
            if (e.isCrash()) {
                return crashed(saga, step, e);
            }
            remaining.addAll(known);
        }
        try {
            remaining.addAll(
                    stores.contents(step, facts).orElse(StoreContents.NOTHING).names(storeResource(saga, step)));
        } catch (StoreCallException e) {
            if (remaining.isEmpty()) {
                error = "could not be checked after the delete: " + e.getMessage();
                remaining.add(storeResource(saga, step));
            }
        }
        if (remaining.isEmpty()) {
            return StepCompensation.CLEAN;
        }
        String lastError = error;
        return new StepCompensation(
                remaining.stream()
                        .map(resource -> new Residue(resource, lastError))
                        .toList(),
                List.of(new EventDraft(EventKind.COMPENSATION_ERROR, step, lastError, "")));
    }

    /** Names everything of a saga in one store, for a store that cannot name the pieces. */
    static String storeResource(SagaRecord saga, String step) {
        return step + ":" + saga.sagaId();
    }

    private StepCompensation crashed(SagaRecord saga, String step, Throwable thrown) {
        String error =
                thrown instanceof StoreCallException ? String.valueOf(thrown.getMessage()) : StoreClient.reason(thrown);
        return new StepCompensation(
                List.of(new Residue(storeResource(saga, step), error)), alerts.crashed(saga, step, error));
    }

    /** The body for the compensation route of a step. That of the upload also has the keys that the journal knows. */
    private Map<String, Object> facts(SagaRecord saga, Document document, String step, List<String> known) {
        Map<String, Object> facts = new LinkedHashMap<>(document.facts());
        facts.put(DocumentFacts.RUN, (long) saga.run());
        if (step.equals(StoreNames.UPLOAD)) {
            facts.put(DocumentFacts.KEYS, known);
        }
        return facts;
    }

    @Override
    public void close() {
        closed = true;
        workers.shutdownNow();
        inFlight.forEach(this::abandon);
    }

    /** Completes the future of a compensation that is not finished, so that no caller waits for ever. */
    private void abandon(String sagaId, CompletableFuture<SagaState> outcome) {
        outcome.completeExceptionally(new ShutdownException("the compensation of saga " + sagaId
                + " was interrupted because this instance is stopping; the next start continues it"));
    }
}
