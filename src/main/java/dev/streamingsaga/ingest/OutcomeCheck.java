package dev.streamingsaga.ingest;

import dev.streamingsaga.config.FailOn;
import java.util.function.Predicate;
import org.apache.camel.Exchange;
import org.jspecify.annotations.Nullable;

/** Fails the caller's exchange if the saga has not completed and the caller requested that. */
public final class OutcomeCheck {
    private final FailOn byDefault;
    private final Predicate<String> isTransient;

    /** As {@link #OutcomeCheck(FailOn, Predicate)}, without knowing of transient failures. */
    public OutcomeCheck(FailOn byDefault) {
        this(byDefault, sagaId -> false);
    }

    /**
     * @param byDefault holds for exchanges without the property {@link Ingest#FAIL_ON}
     * @param isTransient whether the saga with this id was compensated for a transient reason
     */
    public OutcomeCheck(FailOn byDefault, Predicate<String> isTransient) {
        this.byDefault = byDefault;
        this.isTransient = isTransient;
    }

    /**
     * Which outcomes fail this exchange. Called before the saga starts, so that a misspelt value has no effect.
     *
     * @throws IllegalArgumentException if the property is not a value of {@code saga.hub.fail-on}
     */
    public FailOn of(Exchange exchange) {
        @Nullable Object failOnProperty = exchange.getProperty(Ingest.FAIL_ON);
        if (failOnProperty == null) {
            return byDefault;
        }
        if (failOnProperty instanceof FailOn failOn) {
            return failOn;
        }
        try {
            return FailOn.of(failOnProperty.toString());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "exchange property " + Ingest.FAIL_ON + " " + e.getMessage() + "; no saga was started", e);
        }
    }

    /** @throws SagaNotCompletedException if the body is a result that fails this exchange */
    public void check(Exchange exchange) {
        if (exchange.getMessage().getBody() instanceof IngestResult result
                && of(exchange).fails(result.status())) {
            throw new SagaNotCompletedException(result, isTransient.test(result.sagaId()));
        }
    }
}
