package dev.streamingsaga.saga;

import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.outage.Patience;
import java.util.Objects;
import java.util.function.Consumer;
import org.apache.camel.Exchange;
import org.apache.camel.model.ProcessorDefinition;

/**
 * Repeats a part of a route in the same run while it meets transient failures. What a failed attempt has written is
 * confirmed or replaced by the next one, as after a crash: every step is idempotent.
 */
final class StepAttempts {
    private static final String ATTEMPTS = "SagaStepAttempts";

    private final Patience patience;

    StepAttempts(Patience patience) {
        this.patience = patience;
    }

    /**
     * Adds the part to the route.
     *
     * @param step for the journal and the log
     * @param part adds what is repeated
     */
    void addTo(ProcessorDefinition<?> route, String step, Consumer<ProcessorDefinition<?>> part) {
        ProcessorDefinition<?> attempt = route.process(
                        exchange -> exchange.setProperty(ATTEMPTS, new Patience.Attempts()))
                .loopDoWhile(StepAttempts::isPending)
                .doTry();
        part.accept(attempt);
        attempt.process(exchange -> succeeded(exchange, step))
                .endDoTry()
                .doCatch(Throwable.class)
                .process(exchange -> failed(exchange, step))
                .end()
                .end();
    }

    private static boolean isPending(Exchange exchange) {
        return exchange.getProperty(ATTEMPTS) != null;
    }

    private void succeeded(Exchange exchange, String step) {
        Patience.Attempts attempts = (Patience.Attempts) exchange.removeProperty(ATTEMPTS);
        patience.succeeded(Steps.run(exchange), step, Objects.requireNonNull(attempts));
    }

    private void failed(Exchange exchange, String step) throws Exception {
        Throwable failure = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
        ActiveRun run = Steps.run(exchange);
        patience.awaitNextAttempt(
                run, step, exchange.getProperty(ATTEMPTS, Patience.Attempts.class), asException(failure));
    }

    private static Exception asException(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return (Exception) failure;
    }
}
