package dev.streamingsaga.ingest;

import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.trace.Traces;
import java.util.concurrent.ExecutionException;
import org.apache.camel.Exchange;

/** Answers a call with the outcome of its saga. */
final class OutcomeAnswer {
    private final OutcomeCheck check;
    private final OutcomeWait outcomes;
    private final IngestResults results;

    OutcomeAnswer(OutcomeCheck check, OutcomeWait outcomes, IngestResults results) {
        this.check = check;
        this.outcomes = outcomes;
        this.results = results;
    }

    /** Waits for the outcome, which becomes the body. */
    void answer(Exchange exchange) throws InterruptedException {
        String joined = exchange.getProperty(Ingest.SAGA_ID, String.class);
        String sagaId = joined != null ? joined : awaitOwn(exchange.getProperty(ExchangeKeys.RUN, ActiveRun.class));
        // The run may have been revoked at the last moment, or taken over: then another run finishes the saga.
        outcomes.awaitEnd(sagaId, exchange.getProperty(Ingest.REQUEST) != null || check.of(exchange) != FailOn.NEVER);
        Traces traces = Traces.of(exchange.getContext());
        traces.begin(sagaId, exchange);
        try {
            exchange.getMessage().setBody(results.of(sagaId, true));
        } finally {
            traces.end(sagaId, exchange);
        }
    }

    private static String awaitOwn(ActiveRun run) throws InterruptedException {
        try {
            return run.ended().get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failure ? failure : new IllegalStateException(e);
        }
    }
}
