package dev.streamingsaga.saga;

import static dev.streamingsaga.config.RouteNames.COMPENSATE;
import static dev.streamingsaga.config.RouteNames.COMPLETE;
import static dev.streamingsaga.config.RouteNames.MANIFEST;
import static dev.streamingsaga.config.RouteNames.RUN;
import static dev.streamingsaga.config.RouteNames.WRITE;
import static dev.streamingsaga.config.RouteNames.store;
import static dev.streamingsaga.journal.StepNames.FINALIZE;
import static dev.streamingsaga.journal.StepNames.START;
import static dev.streamingsaga.journal.StepNames.VALIDATE;
import static dev.streamingsaga.journal.StepNames.VERIFY;
import static dev.streamingsaga.journal.StoreNames.UPLOAD;

import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.StoreNames;
import org.apache.camel.Processor;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.SagaDefinition;
import org.apache.camel.model.SagaPropagation;
import org.apache.camel.model.TryDefinition;
import org.apache.camel.saga.CamelSagaService;

/**
 * The saga: nine steps in one LRA, with one participant route around each store. No route here handles an exception:
 * what a step throws is journaled and makes Camel cancel the LRA.
 */
final class SagaRoutes extends RouteBuilder {
    private final SagaConfig config;
    private final CamelSagaService service;
    private final Participants participants;
    private final Processor validate;
    private final Processor start;
    private final StepAttempts attempts;

    SagaRoutes(
            SagaConfig config, CamelSagaService service, Participants participants, StepAttempts attempts,
            Processor validate, Processor start) {
        this.config = config;
        this.service = service;
        this.participants = participants;
        this.attempts = attempts;
        this.validate = validate;
        this.start = start;
    }

    @Override
    public void configure() {
        errorHandler(noErrorHandler());
        TryDefinition steps = enlist(RUN, SagaPropagation.REQUIRES_NEW, "one run of a saga: all nine steps in one LRA")
                .completion(config.direct(RUN + COMPLETE))
                .doTry();
        attempts.addTo(steps, VALIDATE, part -> part.process(participants::bindLra));
        step(steps, VALIDATE, SagaState.RECEIVED, VALIDATE);
        step(steps, START, SagaState.RECEIVED, START);
        attempts.addTo(steps, UPLOAD, part -> part.to(config.direct(RouteNames.participant(UPLOAD))));
        step(steps, VERIFY, SagaState.VERIFYING, VERIFY);
        config.participants().forEach(name ->
                attempts.addTo(steps, name, part -> part.to(config.direct(RouteNames.participant(name)))));
        if (config.participants().isEmpty()) {
            // The bucket is the only store; VERIFYING can only become COMPLETING through PROCESSING.
            step(steps, FINALIZE, SagaState.PROCESSING);
        }
        step(steps, FINALIZE, SagaState.COMPLETING, MANIFEST);
        steps
                .doCatch(Throwable.class).process(participants::failed)
                .end().end();

        from(config.direct(VALIDATE)).routeId(config.id(VALIDATE)).group("saga")
                .description("checks that the file is regular, readable, allowed and within the size limit;"
                        + " takes its digests")
                .process(validate);
        from(config.direct(START)).routeId(config.id(START)).group("saga")
                .description("chooses and journals all names before anything is written under them")
                .process(start);
        participant(UPLOAD, SagaState.UPLOADING);
        config.participants().forEach(name -> participant(name, SagaState.PROCESSING));
        callbacks(RUN);
        from(config.direct(RUN + COMPLETE)).routeId(config.id(RUN + COMPLETE)).group("saga")
                .description("callback of the coordinator: the LRA was closed")
                .process(participants::complete);
    }

    private void step(ProcessorDefinition<?> steps, String name, SagaState state, String... routes) {
        attempts.addTo(steps, name, part -> {
            part.process(Steps.begin(name, state));
            for (String route : routes) {
                part.to(config.direct(route)).process(Steps.end(name));
            }
        });
    }

    private void participant(String name, SagaState state) {
        String route = RouteNames.participant(name);
        enlist(route, SagaPropagation.MANDATORY, "writes store " + name + " as a participant of the saga")
                .process(Steps.begin(name, state))
                .doTry()
                    .process(Steps.permit(acquiresPermits(name)))
                    .enrich(config.direct(store(name, WRITE)), Steps::keepExpected)
                .doFinally()
                    .process(Steps::endPermit)
                .end()
                .process(Steps.end(name))
                .end();
        callbacks(route);
    }

    /** Built-in stores acquire a permit for each batch; the route of any other store runs under one permit. */
    private static boolean acquiresPermits(String store) {
        return store.equals(UPLOAD) || StoreNames.BUILT_IN.contains(store);
    }

    private SagaDefinition enlist(String route, SagaPropagation propagation, String description) {
        return from(config.direct(route)).routeId(config.id(route)).group("saga").description(description)
                .saga().sagaService(service).propagation(propagation)
                .option(Participants.OPTION, participants.token(route))
                .compensation(config.direct(route + COMPENSATE));
    }

    private void callbacks(String route) {
        from(config.direct(route + COMPENSATE)).routeId(config.id(route + COMPENSATE)).group("saga")
                .description("callback of the coordinator: compensate " + route).process(participants::compensate);
    }
}
