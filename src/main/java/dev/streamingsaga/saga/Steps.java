package dev.streamingsaga.saga;

import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.DocumentFacts;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaState;
import java.util.HashMap;
import java.util.OptionalLong;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.jspecify.annotations.Nullable;

/** Processors around each step: they journal its beginning and its end. */
final class Steps {
    private static final String PERMIT = "SagaStepPermit";

    private Steps() {}

    static ActiveRun run(Exchange exchange) {
        ActiveRun run = exchange.getProperty(ExchangeKeys.RUN, ActiveRun.class);
        if (run == null) {
            throw new IllegalStateException("no saga run in this exchange: send files to direct:<name>-ingest only");
        }
        return run;
    }

    /** Journals that the step begins. Also sets the body to the document's facts, once it has any. */
    static Processor begin(String step, SagaState state) {
        return exchange -> {
            ActiveRun run = run(exchange);
            run.begin(step, state);
            if (state != SagaState.RECEIVED) {
                HashMap<String, Object> facts = new HashMap<>(run.document().facts());
                facts.put(DocumentFacts.RUN, (long) run.number());
                exchange.getMessage().setBody(facts);
            }
        };
    }

    /** Acquires the permit for a user's store, which does not know permits; it is held while the store's route runs. */
    static Processor permit(boolean acquiresOwn) {
        return exchange -> {
            if (!acquiresOwn) {
                exchange.setProperty(PERMIT, run(exchange).permit());
            }
        };
    }

    static void endPermit(Exchange exchange) {
        if (exchange.removeProperty(PERMIT) instanceof Run.Permit permit) {
            permit.close();
        }
    }

    /** Journals that the step has ended, with the number of pieces that its store reported. */
    static Processor end(String step) {
        return exchange -> run(exchange)
                .end(
                        step,
                        exchange.removeProperty(ExchangeKeys.EXPECTED) instanceof Long pieces
                                ? OptionalLong.of(pieces)
                                : OptionalLong.empty());
    }

    /**
     * A store's route gets a copy of the message, so that it cannot lose the saga by changing headers. Of its answer
     * only this number is used.
     */
    static Exchange keepExpected(Exchange original, @Nullable Exchange answer) {
        if (answer != null) {
            StoreClient.expected(answer.getMessage())
                    .ifPresent(pieces -> original.setProperty(ExchangeKeys.EXPECTED, pieces));
        }
        return original;
    }
}
