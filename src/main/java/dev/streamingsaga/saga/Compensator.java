package dev.streamingsaga.saga;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.CleanupEntries.Residue;
import dev.streamingsaga.journal.CleanupEntry;
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
import dev.streamingsaga.saga.StoreClient.Held;
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
 * Undoes sagas: one compensation per saga at a time, whoever asks for it and how often. It stops the running step from
 * writing, undoes what the journal says may be written, newest first, tries every step whatever fails, and asks each
 * store afterwards. What is left becomes a clean-up entry. It needs the journal alone, no coordinator.
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
     * Records the wish, then undoes in the background.
     *
     * @param run who wants it; what an earlier run than the saga's wants changes nothing
     * @return the final state, that of an earlier outcome if there is one already; of an earlier run: the saga's state
     */
    public CompletableFuture<SagaState> compensate(String sagaId, int run, Reason reason, String message) {
        if (!journal.beginCompensation(sagaId, run, reason, message)) {
            // Final by now, perhaps, but not told of yet.
            CompletableFuture<SagaState> telling = inFlight.get(sagaId);
            return telling != null
                    ? telling
                    : CompletableFuture.completedFuture(
                            journal.saga(sagaId).orElseThrow().state());
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
                        "no thread to undo saga {} on ({}); it is undone on the one that asks for it",
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

    /** What tells the outcome of a saga that is being undone, or was and is being told of; empty if neither. */
    Optional<CompletableFuture<SagaState>> pendingOutcome(String sagaId) {
        return Optional.ofNullable(inFlight.get(sagaId));
    }

    /** Ends the flight before it tells the outcome, so that whoever asks again after a failure gets a new attempt. */
    private void settle(String sagaId, CompletableFuture<SagaState> outcome) {
        try {
            SagaState state = compensateSaga(sagaId);
            inFlight.remove(sagaId);
            outcome.complete(state);
        } catch (RuntimeException | Error e) {
            inFlight.remove(sagaId);
            LOG.error(
                    "the compensation of saga {} stopped ({}); it is taken up again by the recovery",
                    sagaId,
                    StoreClient.reason(e));
            runs.find(sagaId).ifPresent(run -> runs.markLost(run, e));
            outcome.completeExceptionally(e);
        }
    }

    /** Sagas that are being undone by this process now. */
    Set<String> inFlight() {
        return Set.copyOf(inFlight.keySet());
    }

    private SagaState compensateSaga(String sagaId) {
        SagaRecord saga = journal.saga(sagaId).orElseThrow();
        if (saga.state().isFinal()) {
            return saga.state();
        }
        SagaException why = new SagaException(saga.reason().orElse(Reason.CANCELLED), saga.message());
        boolean stopped = runs.revoke(sagaId, why, config.compensation().stepTimeout());
        if (!stopped) {
            journal.event(
                    sagaId,
                    EventKind.COMPENSATION_ERROR,
                    "",
                    "a step did not stop within "
                            + config.compensation().stepTimeout().toSeconds() + " s; compensating all the same",
                    "");
        }
        Set<String> running = runs.writing(sagaId);
        compensateSteps(saga);
        if (!stopped) {
            compensateLateWrites(saga, running, why);
        }
        SagaState outcome = journal.finishCompensation(sagaId, saga.run(), notes(saga));
        try {
            alerts.deliver(sagaId);
        } finally {
            runs.end(sagaId); // whoever waits for the run finds the reports written
        }
        return outcome;
    }

    /**
     * A write that was under way while its step was undone may still arrive: unless it has ended now, it counts as
     * residue.
     */
    private void compensateLateWrites(SagaRecord saga, Set<String> running, SagaException why) {
        boolean ended = runs.revoke(saga.sagaId(), why, Duration.ZERO);
        // The manifest is written to the bucket, too.
        running.stream()
                .map(step -> isStore(saga, step) ? step : "upload")
                .distinct()
                .forEach(step -> {
                    if (ended) {
                        compensateStep(saga, step);
                    } else {
                        journal.residue(
                                saga,
                                step,
                                new Residue(whole(saga, step), "a write did not end and may arrive after the delete"),
                                config.compensation().residue(),
                                notes(saga));
                    }
                });
    }

    /** Removes what a completed saga holds, its newer version being visible. */
    void removeVersion(SagaRecord superseded) {
        compensateSteps(superseded);
        alerts.deliver(superseded.sagaId());
    }

    private void compensateSteps(SagaRecord saga) {
        List<StepRecord> steps = new ArrayList<>(journal.steps(saga.sagaId()));
        steps.sort(Comparator.comparingInt(StepRecord::ordinal).reversed());
        for (StepRecord step : steps) {
            if (step.mayHoldData() && isStore(saga, step.name())) {
                compensateStep(saga, step.name());
            } else if (step.mayHoldData()) {
                journal.stepCompensation(saga.sagaId(), saga.run(), step.name(), StepState.COMPENSATED);
            }
        }
    }

    static boolean isStore(SagaRecord saga, String step) {
        return step.equals("upload") || saga.participants().contains(step);
    }

    /**
     * Throws only if the journal fails or the process stops: whatever happens to one step, the others are still to be
     * undone.
     */
    private void compensateStep(SagaRecord saga, String step) {
        journal.stepCompensation(saga.sagaId(), saga.run(), step, StepState.COMPENSATING);
        StepCompensation undone;
        try {
            undone = remove(saga, step, knownKeys(saga, step));
        } catch (StoreClient.StoppingException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            undone = crashed(saga, step, e);
        }
        record(saga, step, undone);
    }

    private void record(SagaRecord saga, String step, StepCompensation undone) {
        journal.stepCompensated(saga, step, undone, config.compensation().residue(), notes(saga));
        alerts.deliver(saga.sagaId());
    }

    private EventDraft.OnResidue notes(SagaRecord saga) {
        return new EventDraft.OnResidue() {
            @Override
            public List<EventDraft> about(List<CleanupEntry> open) {
                return alerts.residue(saga, open);
            }

            @Override
            public List<EventDraft> blocked(List<CleanupEntry> givenUp) {
                return alerts.blocked(saga, givenUp);
            }
        };
    }

    /** Another attempt at what is left of a step. */
    void retry(SagaRecord saga, String step) {
        record(saga, step, remove(saga, step, knownKeys(saga, step)));
    }

    /**
     * Looks whether something arrived in the bucket after the saga was undone, and removes it. What resists, or could
     * not be asked for, becomes clean-up entries, and the saga PARTIALLY_COMPENSATED until they are gone.
     */
    void sweep(SagaRecord saga) {
        StepCompensation undone = remove(saga, "upload", journal.unansweredKeys(saga.sagaId()));
        if (!undone.left().isEmpty()) {
            LOG.warn(
                    "something of saga {} arrived in the bucket after it was undone, or the bucket can't say so; it counts as residue",
                    saga.sagaId());
            record(saga, "upload", undone);
        }
        journal.swept(saga.sagaId());
    }

    /** Of the bucket the journal knows names. */
    private List<String> knownKeys(SagaRecord saga, String step) {
        return step.equals("upload") ? journal.chunkKeys(saga.sagaId()) : List.of(whole(saga, step));
    }

    /**
     * Removes what one store holds of a saga, then looks.
     *
     * @param known names of what may be there, if the store can't say
     * @return what is left, nothing if the store says so
     */
    private StepCompensation remove(SagaRecord saga, String step, List<String> known) {
        Optional<Document> document = saga.document();
        if (document.isEmpty()) {
            return StepCompensation.CLEAN;
        }
        Map<String, Object> facts = facts(saga, document.get(), step, known);
        Set<String> left = new LinkedHashSet<>();
        String error = "still there after the delete";
        try {
            Held residue = stores.compensate(step, facts);
            left.addAll(residue.names(whole(saga, step)));
            error = residue.because().orElse(error);
        } catch (StoreCallException e) {
            error = String.valueOf(e.getMessage());
            if (e.isCrash()) {
                return crashed(saga, step, e);
            }
            left.addAll(known);
        }
        try {
            left.addAll(stores.contents(step, facts).orElse(Held.NOTHING).names(whole(saga, step)));
        } catch (StoreCallException e) {
            if (left.isEmpty()) {
                error = "could not be asked after the delete: " + e.getMessage();
                left.add(whole(saga, step));
            }
        }
        if (left.isEmpty()) {
            return StepCompensation.CLEAN;
        }
        String last = error;
        return new StepCompensation(
                left.stream().map(resource -> new Residue(resource, last)).toList(),
                List.of(new EventDraft(EventKind.COMPENSATION_ERROR, step, last, "")));
    }

    /** Names all that a store holds of a saga, where the store can't name the pieces. */
    static String whole(SagaRecord saga, String step) {
        return step + ":" + saga.sagaId();
    }

    private StepCompensation crashed(SagaRecord saga, String step, Throwable thrown) {
        String error =
                thrown instanceof StoreCallException ? String.valueOf(thrown.getMessage()) : StoreClient.reason(thrown);
        return new StepCompensation(List.of(new Residue(whole(saga, step), error)), alerts.crashed(saga, step, error));
    }

    /** What the compensation route of a step is told; the upload also learns which keys the journal has. */
    private Map<String, Object> facts(SagaRecord saga, Document document, String step, List<String> known) {
        Map<String, Object> facts = new LinkedHashMap<>(document.facts());
        facts.put(DocumentFacts.RUN, (long) saga.run());
        if (step.equals("upload")) {
            facts.put("keys", known);
        }
        return facts;
    }

    @Override
    public void close() {
        closed = true;
        workers.shutdownNow();
        inFlight.forEach(this::abandon);
    }

    /** Whoever waits for one that had not begun would wait for ever. */
    private void abandon(String sagaId, CompletableFuture<SagaState> outcome) {
        outcome.completeExceptionally(new ShutdownException("the compensation of saga " + sagaId
                + " was left, since this instance is stopping; the next start goes on with it"));
    }
}
