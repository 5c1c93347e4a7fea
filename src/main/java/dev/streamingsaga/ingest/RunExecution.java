package dev.streamingsaga.ingest;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.saga.SagaEngine;
import dev.streamingsaga.trace.Traces;
import java.time.Duration;
import org.apache.camel.Exchange;
import org.apache.camel.support.SynchronizationAdapter;

/** Executes one run: waits for a slot before the saga's route, and settles the saga however that route ends. */
final class RunExecution {
    private final SagaConfig config;
    private final Journal journal;
    private final Runs runs;
    private final SagaEngine engine;
    private final ConcurrencyLimiter limiter;

    RunExecution(SagaConfig config, Journal journal, Runs runs, SagaEngine engine) {
        this.config = config;
        this.journal = journal;
        this.runs = runs;
        this.engine = engine;
        this.limiter = new ConcurrencyLimiter(config.concurrency());
    }

    /**
     * Prepares a run's own exchange: if it fails outside the run's route, for example because the route was stopped,
     * the run ends nevertheless.
     */
    void settleOnFailure(Exchange attempt) {
        attempt.getExchangeExtension().addOnCompletion(new SynchronizationAdapter() {
            @Override
            public void onFailure(Exchange failed) {
                settle(failed, failed.getException());
                end(failed);
            }
        });
    }

    void acquireSlot(Exchange exchange) throws InterruptedException {
        ActiveRun run = run(exchange);
        Duration timeLeft =
                Duration.between(journal.clock().instant(), run.initialSaga().deadline());
        if (!limiter.acquire(run, timeLeft.isNegative() ? Duration.ZERO : timeLeft)
                && run.revocation().isEmpty()) {
            throw new SagaException(
                    Reason.TIMEOUT,
                    "saga " + run.sagaId() + " got none of the " + config.concurrency()
                            + " slots within its time limit; raise saga.concurrency or saga.time-limit");
        }
        Traces.of(exchange.getContext()).begin(run.sagaId(), exchange);
        engine.awaitAvailable(run);
        run.check();
    }

    void closed(Exchange exchange) {
        engine.closed(run(exchange));
    }

    void failed(Exchange exchange) {
        settle(exchange, exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class));
    }

    private void settle(Exchange exchange, Throwable cause) {
        ActiveRun run = run(exchange);
        try {
            engine.failed(run, cause).join();
        } catch (RuntimeException | Error e) {
            runs.markLost(run, e);
        }
    }

    void end(Exchange exchange) {
        // Settled; or lost because the journal cannot be reached: then the recovery finds the saga as stale.
        ActiveRun run = run(exchange);
        runs.end(run);
        Traces.of(exchange.getContext()).end(run.sagaId(), exchange);
    }

    private static ActiveRun run(Exchange exchange) {
        return exchange.getProperty(ExchangeKeys.RUN, ActiveRun.class);
    }
}
