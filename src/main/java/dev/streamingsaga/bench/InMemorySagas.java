package dev.streamingsaga.bench;

import java.io.IOException;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.model.SagaDefinition;
import org.apache.camel.model.SagaPropagation;
import org.apache.camel.saga.InMemorySagaService;

/** Sagas of empty participants under Camel's in-memory saga service, which remembers nothing after a crash. */
final class InMemorySagas implements AutoCloseable {
    private static final String SAGA = "direct:memory-saga";
    private static final String PARTICIPANT = "direct:memory-participant-";
    private static final String UNDO = "direct:memory-undo";

    private final DefaultCamelContext context;
    private final ProducerTemplate template;

    private InMemorySagas(DefaultCamelContext context) {
        this.context = context;
        this.template = context.createProducerTemplate();
    }

    static InMemorySagas start(int participants) throws IOException {
        DefaultCamelContext context = new DefaultCamelContext();
        try {
            context.addService(new InMemorySagaService());
            context.addRoutes(new RouteBuilder() {
                @Override
                public void configure() {
                    SagaDefinition saga = from(SAGA).saga().compensation(UNDO);
                    for (int i = 0; i < participants; i++) {
                        saga.to(PARTICIPANT + i);
                        from(PARTICIPANT + i)
                                .saga()
                                .propagation(SagaPropagation.MANDATORY)
                                .compensation(UNDO)
                                .setBody(constant(""));
                    }
                    from(UNDO).routeId("memory-undo").setBody(constant(""));
                }
            });
            context.start();
            return new InMemorySagas(context);
        } catch (Exception e) {
            context.close();
            throw new IOException("the sagas in memory cannot be measured", e);
        }
    }

    void run() {
        Exchange answer = template.send(SAGA, request -> request.getMessage().setBody(""));
        if (answer.getException() != null) {
            throw new IllegalStateException("a saga in memory failed", answer.getException());
        }
    }

    @Override
    public void close() throws IOException {
        template.close();
        context.close();
    }
}
