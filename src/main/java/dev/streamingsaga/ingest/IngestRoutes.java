package dev.streamingsaga.ingest;

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
 * {@code direct:<name>-ingest}: body in, a file (String, Path, File or what a {@code file:} consumer hands on); body out, an
 * {@link IngestResult}, which converts to its JSON as String or bytes. It always answers with an outcome and never with the
 * exception of a step. {@code saga.hub.fail-on} or the exchange property {@link Ingest#FAIL_ON} make it fail the exchange as well, with
 * a {@link SagaNotCompletedException}, for outcomes other than COMPLETED. Of the caller's exchange only the body changes: headers, properties and transactions of the caller are not
 * seen inside, and are his again afterwards.
 *
 * <p>A run has an exchange and a thread of its own: the caller waits for the run's end in the journal, so that he hears of it even if
 * a store hangs, or the exchange is lost.
 */
final class IngestRoutes extends RouteBuilder {
    private static final AggregationStrategy BODY_ONLY = (caller, answer) -> {
        caller.getMessage().setBody(answer.getMessage().getBody());
        return caller;
    };

    private final SagaConfig config;
    private final Ingest ingest;

    IngestRoutes(SagaConfig config, Ingest ingest) {
        this.config = config;
        this.ingest = ingest;
    }

    @Override
    public void configure() {
        IngestResultConverter.register(getContext().getTypeConverterRegistry());
        OutcomeCheck outcome = new OutcomeCheck(config.hub().failOn());
        // A new thread for each run: what Camel left behind on one must not go on when another run uses it.
        SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor(config.id("run-"));
        threads.setDaemon(true); // one that waits for its turn does not keep the process
        ExecutorService runs = new ExecutorServiceAdapter(threads);

        from(config.direct("ingest")).routeId(config.id("ingest")).group("ingest")
                .errorHandler(noErrorHandler())
                .description("the only way in: a message of its own for what happens inside")
                .process(outcome::of)
                .enrich(config.direct("receive"), BODY_ONLY)
                .process(outcome::check);

        FilterDefinition fresh = from(config.direct("receive")).routeId(config.id("receive")).group("ingest")
                .errorHandler(noErrorHandler())
                .description("strips headers, claims the source, runs the saga, answers with the outcome")
                .process(ErrorGuard::mark)
                .process(new HeaderFilter())
                .process(ingest::receive)
                .filter(exchange -> exchange.getProperty(Ingest.SAGA_ID) == null);
        launch(fresh, config.id("receive-tap"), runs).end()
                .process(ingest::answer);

        RouteDefinition again = from(config.direct("resume")).routeId(config.id("resume")).group("ingest")
                .errorHandler(noErrorHandler())
                .description("another attempt at a saga that was taken over; only the recovery sends here")
                .process(ErrorGuard::mark)
                .process(new HeaderFilter())
                .process(ingest::resume);
        launch(again, config.id("resume-tap"), runs)
                .process(ingest::answer);

        from(config.direct("attempt")).routeId(config.id("attempt")).group("ingest")
                .errorHandler(noErrorHandler())
                .description("one run of a saga, settled whatever becomes of it")
                .doTry()
                    .process(ingest::acquireSlot)
                    .to(config.direct("run"))
                    .process(ingest::closed)
                .doCatch(Throwable.class)
                    .process(ingest::failed)
                .doFinally()
                    .process(ingest::end)
                .end();
    }

    /** A run that cannot begin, since the system gives no thread for one, is settled at once: nobody else would before its time limit. */
    private ProcessorDefinition<?> launch(ProcessorDefinition<?> route, String id, ExecutorService runs) {
        route.doTry()
                    .wireTap(config.direct("attempt")).dynamicUri(false).executorService(runs).onPrepare(ingest::settleWhatFails).id(id).end()
                .endDoTry()
                .doCatch(Throwable.class)
                    .process(ingest::failed)
                    .process(ingest::end)
                .end();
        return route;
    }
}
