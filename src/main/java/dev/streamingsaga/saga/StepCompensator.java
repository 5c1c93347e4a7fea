package dev.streamingsaga.saga;

import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupRepository.Residue;
import dev.streamingsaga.journal.CleanupRepository.RetryPolicy;
import dev.streamingsaga.journal.EventDraft;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.StepCompensation;
import dev.streamingsaga.journal.StepRecord;
import dev.streamingsaga.journal.StepState;
import dev.streamingsaga.journal.StoreNames;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compensates the steps of a saga, newest first, and journals what remains of each as clean-up entries. A failure of
 * one step does not prevent the compensation of the others.
 */
final class StepCompensator {
    private static final Logger LOG = LoggerFactory.getLogger(StepCompensator.class);

    private final Journal journal;
    private final StoreRemoval stores;
    private final Alerts alerts;
    private final RetryPolicy retries;

    /** @param retries of the clean-up entries */
    StepCompensator(Journal journal, StoreRemoval stores, Alerts alerts, RetryPolicy retries) {
        this.journal = journal;
        this.stores = stores;
        this.alerts = alerts;
        this.retries = retries;
    }

    /** Compensates every step that may have written according to the journal. */
    void compensateSteps(SagaRecord saga) {
        compensateSteps(saga, step -> true, () -> {});
    }

    /**
     * As {@link #compensateSteps(SagaRecord)}.
     *
     * @param permit called before each step; if it throws, the others are not compensated
     */
    void compensateSteps(SagaRecord saga, Runnable permit) {
        compensateSteps(saga, step -> true, permit);
    }

    private void compensateSteps(SagaRecord saga, Predicate<StepRecord> selected, Runnable permit) {
        List<StepRecord> steps = new ArrayList<>(journal.steps().of(saga.sagaId()));
        steps.removeIf(selected.negate());
        steps.sort(Comparator.comparingInt(StepRecord::ordinal).reversed());
        for (StepRecord step : steps) {
            permit.run();
            if (step.mayHoldData() && isStore(saga, step.name())) {
                compensateStep(saga, step.name());
            } else if (step.mayHoldData()) {
                journal.steps().compensation(saga.sagaId(), saga.run(), step.name(), StepState.COMPENSATED);
            }
        }
    }

    /** The stores that may hold data of a saga according to the journal; the bucket is not one of them. */
    List<String> visibleStores(SagaRecord saga) {
        return journal.steps().of(saga.sagaId()).stream()
                .filter(StepRecord::mayHoldData)
                .map(StepRecord::name)
                .filter(saga.participants()::contains)
                .filter(store -> !store.equals(StoreNames.UPLOAD))
                .toList();
    }

    private static boolean isStore(SagaRecord saga, String step) {
        return step.equals(StoreNames.UPLOAD) || saga.participants().contains(step);
    }

    /** Throws only if the journal fails or the process stops. */
    StepCompensation compensateStep(SagaRecord saga, String step) {
        journal.steps().compensation(saga.sagaId(), saga.run(), step, StepState.COMPENSATING);
        StepCompensation result;
        try {
            result = stores.remove(saga, step, knownResources(saga, step));
        } catch (StoreClient.StoppingException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            result = stores.crashed(saga, step, e);
        }
        record(saga, step, result);
        return result;
    }

    /**
     * Removes the data of a completed saga after its newer version has become visible.
     *
     * @param keepChunks whether its chunks and its manifest stay in the bucket
     */
    void removeVersion(SagaRecord superseded, boolean keepChunks) {
        compensateSteps(
                superseded, step -> !keepChunks || superseded.participants().contains(step.name()), () -> {});
        alerts.deliver(superseded.sagaId());
    }

    /** Retries the compensation of a step. */
    void retry(SagaRecord saga, String step) {
        record(saga, step, stores.remove(saga, step, knownResources(saga, step)));
    }

    /**
     * Compensates again the steps whose write was in progress while they were compensated.
     *
     * @param writing those steps
     * @param ended false: the writes may still arrive, and count as residue
     */
    void compensateLateWrites(SagaRecord saga, Set<String> writing, boolean ended) {
        // The manifest is in the bucket, too.
        writing.stream()
                .map(step -> isStore(saga, step) ? step : StoreNames.UPLOAD)
                .distinct()
                .forEach(step -> {
                    if (ended) {
                        compensateStep(saga, step);
                    } else {
                        expectLateWrite(saga, step);
                    }
                });
    }

    private void expectLateWrite(SagaRecord saga, String step) {
        Residue write =
                new Residue(StoreRemoval.everything(saga, step), "a write did not end and may arrive after the delete");
        journal.outcomes().residue(saga, step, write, retries, residueEvents(saga));
    }

    /**
     * Checks whether something arrived in the bucket after the saga was compensated, and removes it. What cannot be
     * removed or checked becomes a clean-up entry, and the saga is PARTIALLY_COMPENSATED until it is closed.
     */
    void removeLateWrites(SagaRecord saga) {
        StepCompensation result =
                stores.remove(saga, StoreNames.UPLOAD, journal.chunks().unanswered(saga.sagaId()));
        if (!result.residues().isEmpty()) {
            LOG.warn(
                    "objects of saga {} arrived in the bucket after its compensation, or the bucket cannot be"
                            + " checked; they count as residue",
                    saga.sagaId());
            record(saga, StoreNames.UPLOAD, result);
        }
        journal.outcomes().lateWritesChecked(saga.sagaId());
    }

    /** For the bucket the journal knows the names. */
    private List<String> knownResources(SagaRecord saga, String step) {
        return step.equals(StoreNames.UPLOAD)
                ? journal.chunks().keys(saga.sagaId())
                : List.of(StoreRemoval.everything(saga, step));
    }

    private void record(SagaRecord saga, String step, StepCompensation result) {
        journal.outcomes().stepCompensated(saga, step, result, retries, residueEvents(saga));
        alerts.deliver(saga.sagaId());
    }

    /** Creates the alerts that are journaled together with the residue. */
    EventDraft.OnResidue residueEvents(SagaRecord saga) {
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
}
