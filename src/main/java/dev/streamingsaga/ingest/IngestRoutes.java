package dev.streamingsaga.ingest;

import dev.streamingsaga.config.SagaConfig;
import org.apache.camel.builder.RouteBuilder;

/**
 * {@code direct:<name>-ingest}: body in, the path of a file (String, Path or File); body out, an {@link IngestResult}. It always
 * answers with an outcome and never with the exception of a step.
 */
final class IngestRoutes extends RouteBuilder {
    private final SagaConfig config;
    private final Ingest ingest;

    IngestRoutes(SagaConfig config, Ingest ingest) {
        this.config = config;
        this.ingest = ingest;
    }

    @Override
    public void configure() {
        from(config.direct("ingest")).routeId(config.id("ingest")).group("ingest")
                .errorHandler(noErrorHandler())
                .description("the only way in: strips headers, claims the source, runs the saga, answers with the outcome")
                .process(new HeaderFilter())
                .process(ingest::receive)
                .filter(exchange -> exchange.getProperty(Ingest.SAGA_ID) == null)
                    .to(config.direct("attempt"))
                .end()
                .process(ingest::answer);

        from(config.direct("resume")).routeId(config.id("resume")).group("ingest")
                .errorHandler(noErrorHandler())
                .description("another attempt at a saga that was taken over; only the recovery sends here")
                .process(new HeaderFilter())
                .process(ingest::resume)
                .to(config.direct("attempt"))
                .process(ingest::answer);

        from(config.direct("attempt")).routeId(config.id("attempt")).group("ingest")
                .errorHandler(noErrorHandler())
                .description("one run of a saga, settled whatever becomes of it")
                .doTry()
                    .process(ingest::takeSlot)
                    .to(config.direct("run"))
                    .process(ingest::closed)
                .doCatch(Throwable.class)
                    .process(ingest::failed)
                .doFinally()
                    .process(ingest::freeSlot)
                .end();
    }
}
