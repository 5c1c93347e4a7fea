package dev.streamingsaga.saga;

import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.DocumentFacts;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaState;
import java.util.HashMap;
import java.util.OptionalLong;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.jspecify.annotations.Nullable;

/** Journal entries around the steps: intent before, mark after. */
final class Steps {
    private static final String PERMIT = "SagaStepPermit";

    private Steps() {}

    static ActiveRun run(Exchange exchange) {
        ActiveRun run = exchange.getProperty(Run.PROPERTY, ActiveRun.class);
        if (run == null) {
            throw new IllegalStateException("no saga run in this exchange: direct:<name>-ingest is the only way in");
        }
        return run;
    }

    /** The intent. Also puts the document's facts into the body, once there are any. */
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

    /** A user's store knows nothing of permits: one is held while its route runs. */
    static Processor permit(boolean takesItsOwn) {
        return exchange -> {
            if (!takesItsOwn) {
                exchange.setProperty(PERMIT, run(exchange).permit());
            }
        };
    }

    static void endPermit(Exchange exchange) {
        if (exchange.removeProperty(PERMIT) instanceof Run.Permit permit) {
            permit.close();
        }
    }

    /** The mark, with what the store said of how much it was given. */
    static Processor end(String step) {
        return exchange -> run(exchange)
                .end(
                        step,
                        exchange.removeProperty(Run.EXPECTED) instanceof Long pieces
                                ? OptionalLong.of(pieces)
                                : OptionalLong.empty());
    }

    /**
     * A store's route gets a copy of the message, so that nothing it does to headers can lose the saga; of its answer
     * only this number is taken.
     */
    static Exchange answered(Exchange original, @Nullable Exchange answer) {
        if (answer != null) {
            StoreClient.expected(answer.getMessage()).ifPresent(pieces -> original.setProperty(Run.EXPECTED, pieces));
        }
        return original;
    }
}
