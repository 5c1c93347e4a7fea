package dev.streamingsaga.saga;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.SagaState;
import java.util.Set;
import org.apache.camel.Processor;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.model.SagaDefinition;
import org.apache.camel.model.SagaPropagation;
import org.apache.camel.model.TryDefinition;
import org.apache.camel.saga.CamelSagaService;

/**
 * The saga: nine steps in one LRA, with one participant route around each store. No route here handles an exception:
 * what a step throws is journaled and makes Camel cancel the LRA.
 */
final class SagaRoutes extends RouteBuilder {
    /** Stores whose own routes acquire a permit for each batch; every other store's route runs under one permit. */
    private static final Set<String> BUILT_IN = Set.of("upload", "security", "vector", "graph", "relational");

    private final SagaConfig config;
    private final CamelSagaService service;
    private final Participants participants;
    private final Processor validate;
    private final Processor start;

    SagaRoutes(SagaConfig config, CamelSagaService service, Participants participants, Processor validate, Processor start) {
        this.config = config;
        this.service = service;
        this.participants = participants;
        this.validate = validate;
        this.start = start;
    }

    @Override
    public void configure() {
        errorHandler(noErrorHandler());
        TryDefinition steps = enlist("run", SagaPropagation.REQUIRES_NEW, "one run of a saga: all nine steps in one LRA")
                .completion(config.direct("run-complete"))
                .process(participants::bindLra)
                .doTry();
        steps.process(Steps.begin("validate", SagaState.RECEIVED)).to(config.direct("validate")).process(Steps.end("validate"))
                .process(Steps.begin("start", SagaState.RECEIVED)).to(config.direct("start")).process(Steps.end("start"))
                .to(config.direct("participant-upload"))
                .process(Steps.begin("verify", SagaState.VERIFYING)).to(config.direct("verify")).process(Steps.end("verify"));
        config.participants().forEach(name -> steps.to(config.direct("participant-" + name)));
        if (config.participants().isEmpty()) {
            // The bucket is the only store; the only legal transition from VERIFYING to COMPLETING is through PROCESSING.
            steps.process(Steps.begin("finalize", SagaState.PROCESSING));
        }
        steps.process(Steps.begin("finalize", SagaState.COMPLETING)).to(config.direct("manifest")).process(Steps.end("finalize"))
                .doCatch(Throwable.class).process(participants::failed)
                .end().end();

        from(config.direct("validate")).routeId(config.id("validate")).group("saga")
                .description("checks that the file is regular, readable, allowed and within the size limit; takes its digests").process(validate);
        from(config.direct("start")).routeId(config.id("start")).group("saga")
                .description("chooses and journals all names before anything is written under them").process(start);
        participant("upload", SagaState.UPLOADING);
        config.participants().forEach(name -> participant(name, SagaState.PROCESSING));
        callbacks("run");
        from(config.direct("run-complete")).routeId(config.id("run-complete")).group("saga")
                .description("callback of the coordinator: the LRA was closed").process(participants::complete);
    }

    private void participant(String name, SagaState state) {
        enlist("participant-" + name, SagaPropagation.MANDATORY, "writes store " + name + " as a participant of the saga")
                .process(Steps.begin(name, state))
                .doTry()
                    .process(Steps.permit(BUILT_IN.contains(name)))
                    .enrich(config.direct("store-" + name), Steps::keepExpected)
                .doFinally()
                    .process(Steps::endPermit)
                .end()
                .process(Steps.end(name))
                .end();
        callbacks("participant-" + name);
    }

    private SagaDefinition enlist(String route, SagaPropagation propagation, String description) {
        return from(config.direct(route)).routeId(config.id(route)).group("saga").description(description)
                .saga().sagaService(service).propagation(propagation)
                .option(Participants.OPTION, participants.token(route))
                .compensation(config.direct(route + "-compensate"));
    }

    private void callbacks(String route) {
        from(config.direct(route + "-compensate")).routeId(config.id(route + "-compensate")).group("saga")
                .description("callback of the coordinator: compensate " + route).process(participants::compensate);
    }
}
