package dev.streamingsaga.ingest;

import dev.streamingsaga.config.FailOn;
import org.apache.camel.Exchange;
import org.jspecify.annotations.Nullable;

/** Fails the exchange of a caller that asked for it when the saga has not completed. */
public final class OutcomeCheck {
    private final FailOn byDefault;

    /** @param byDefault holds for exchanges without the property {@link Ingest#FAIL_ON} */
    public OutcomeCheck(FailOn byDefault) {
        this.byDefault = byDefault;
    }

    /**
     * What this exchange asks for. Called before the saga begins, so that a misspelt word costs nothing.
     *
     * @throws IllegalArgumentException if the property is none of the words of {@code saga.hub.fail-on}
     */
    public FailOn of(Exchange exchange) {
        @Nullable Object wanted = exchange.getProperty(Ingest.FAIL_ON);
        if (wanted == null) {
            return byDefault;
        }
        if (wanted instanceof FailOn failOn) {
            return failOn;
        }
        try {
            return FailOn.of(wanted.toString());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "exchange property " + Ingest.FAIL_ON + " " + e.getMessage() + "; no saga was begun", e);
        }
    }

    /** @throws SagaNotCompletedException if the body is a result that this exchange asked to fail on */
    public void check(Exchange exchange) {
        if (exchange.getMessage().getBody() instanceof IngestResult result
                && of(exchange).fails(result.status())) {
            throw new SagaNotCompletedException(result);
        }
    }
}
