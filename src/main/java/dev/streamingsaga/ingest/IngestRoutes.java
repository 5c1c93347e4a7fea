package dev.streamingsaga.ingest;

import static dev.streamingsaga.config.RouteNames.INGEST;
import static dev.streamingsaga.config.RouteNames.RESUME;
import static dev.streamingsaga.config.RouteNames.RUN;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.saga.ErrorGuard;
import java.util.concurrent.ExecutorService;
import org.apache.camel.AggregationStrategy;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.model.FilterDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.RouteDefinition;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.support.ExecutorServiceAdapter;

/**
 * {@code direct:<name>-ingest}: the request body names a file (String, Path, File or the body of a {@code file:}
 * consumer); the answer is an {@link IngestResult}, which converts to its JSON as String or bytes. It always answers
 * with an outcome and never with the exception of a step. {@code saga.hub.fail-on} or the exchange property
 * {@link Ingest#FAIL_ON} can also make it fail the exchange, with a {@link SagaNotCompletedException}, for outcomes
 * other than COMPLETED. Of the caller's exchange only the body changes: its headers, properties and transactions are
 * not visible inside and are kept.
 *
 * <p>A run has its own exchange and thread: the caller waits for the run's end in the journal, and so gets an answer
 * even if a store hangs or the exchange is lost.
 */
final class IngestRoutes extends RouteBuilder {
    private static final AggregationStrategy BODY_ONLY = (caller, answer) -> {
        caller.getMessage().setBody(answer.getMessage().getBody());
        return caller;
    };

    private static final String RECEIVE = "receive";
    private static final String ATTEMPT = "attempt";

    private final SagaConfig config;
    private final SourceClaims claims;
    private final RunExecution execution;
    private final OutcomeAnswer answers;
    private final OutcomeCheck outcome;

    IngestRoutes(
            SagaConfig config, SourceClaims claims, RunExecution execution, OutcomeAnswer answers,
            OutcomeCheck outcome) {
        this.config = config;
        this.claims = claims;
        this.execution = execution;
        this.answers = answers;
        this.outcome = outcome;
    }

    @Override
    public void configure() {
        IngestResultConverter.register(getContext().getTypeConverterRegistry());
        // A new thread for each run: what Camel leaves on a thread must not continue during another run.
        SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor(config.id("run-"));
        threads.setDaemon(true); // a run that waits for a slot must not keep the process alive
        ExecutorService runs = new ExecutorServiceAdapter(threads);

        from(config.direct(INGEST)).routeId(config.id(INGEST)).group("ingest")
                .errorHandler(noErrorHandler())
                .description("entry point: runs the ingest with a message of its own")
                .process(outcome::of)
                .enrich(config.direct(RECEIVE), BODY_ONLY)
                .process(outcome::check);

        FilterDefinition fresh = from(config.direct(RECEIVE)).routeId(config.id(RECEIVE)).group("ingest")
                .errorHandler(noErrorHandler())
                .description("removes headers, claims the source, runs the saga, answers with its outcome")
                .process(ErrorGuard::mark)
                .process(new HeaderFilter())
                .process(claims::receive)
                .filter(exchange -> exchange.getProperty(Ingest.SAGA_ID) == null);
        launch(fresh, config.id("receive-tap"), runs).end()
                .process(answers::answer);

        RouteDefinition again = from(config.direct(RESUME)).routeId(config.id(RESUME)).group("ingest")
                .errorHandler(noErrorHandler())
                .description("another run of a saga that was taken over; only the recovery sends here")
                .process(ErrorGuard::mark)
                .process(new HeaderFilter())
                .process(claims::resume);
        launch(again, config.id("resume-tap"), runs)
                .process(answers::answer);

        from(config.direct(ATTEMPT)).routeId(config.id(ATTEMPT)).group("ingest")
                .errorHandler(noErrorHandler())
                .description("one run of a saga; settles the saga however the run ends")
                .doTry()
                    .process(execution::acquireSlot)
                    .to(config.direct(RUN))
                    .process(execution::closed)
                .doCatch(Throwable.class)
                    .process(execution::failed)
                .doFinally()
                    .process(execution::end)
                .end();
    }

    /** Settles a run at once if the system has no thread for it; otherwise only its time limit would settle it. */
    private ProcessorDefinition<?> launch(ProcessorDefinition<?> route, String id, ExecutorService runs) {
        route.doTry()
                    .wireTap(config.direct(ATTEMPT))
                            .dynamicUri(false).executorService(runs).onPrepare(execution::settleOnFailure).id(id)
                    .end()
                .endDoTry()
                .doCatch(Throwable.class)
                    .process(execution::failed)
                    .process(execution::end)
                .end();
        return route;
    }
}
