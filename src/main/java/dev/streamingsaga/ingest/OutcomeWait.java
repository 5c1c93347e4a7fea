package dev.streamingsaga.ingest;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.saga.SagaEngine;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for the outcome of a saga, whichever process runs it. */
final class OutcomeWait {
    private static final long POLL_MILLIS = 500;

    private final SagaConfig config;
    private final Journal journal;
    private final Runs runs;
    private final SagaEngine engine;

    OutcomeWait(SagaConfig config, Journal journal, Runs runs, SagaEngine engine) {
        this.config = config;
        this.journal = journal;
        this.runs = runs;
        this.engine = engine;
    }

    /**
     * Waits until the saga has its outcome and this process has ended its work on it. The state of a saga in another
     * process is polled twice a second.
     *
     * @param throughPause false: a pause ends the wait, too
     * @throws ShutdownException if this instance stops before
     */
    void awaitEnd(String sagaId, boolean throughPause) throws InterruptedException {
        SagaState state = journal.sagas().find(sagaId).orElseThrow().state();
        while (!state.isFinal() && (throughPause || state != SagaState.PAUSED)) {
            runs.requireRunning(sagaId);
            if (!awaitRun(sagaId, POLL_MILLIS)) {
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
            state = journal.sagas().find(sagaId).orElseThrow().state();
        }
        awaitLocal(sagaId);
    }

    /**
     * Waits until this process has ended its work on the saga, at most one step time-out: stores may still be making
     * its document visible, or alerts may be in delivery.
     */
    void awaitLocal(String sagaId) throws InterruptedException {
        awaitRun(sagaId, config.operation().compensation().stepTimeout().toMillis());
    }

    /**
     * @return false if this process neither runs nor compensates the saga; true when that has ended, or the wait has
     *     timed out
     */
    private boolean awaitRun(String sagaId, long millis) throws InterruptedException {
        Optional<? extends Future<?>> local =
                runs.find(sagaId).<Future<?>>map(ActiveRun::ended).or(() -> engine.pendingOutcome(sagaId));
        if (local.isEmpty()) {
            return false;
        }
        try {
            local.get().get(millis, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            // the caller reads the state from the journal
        }
        return true;
    }
}
