package example;

import dev.streamingsaga.StreamingSaga;
import dev.streamingsaga.ingest.SagaNotCompletedException;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteBuilder;

/** A drop folder, and the hub's own store: a map of file names in memory. */
@ApplicationScoped
public class HubRoutes extends RouteBuilder {
    private static final String DROP = "file:{{hub.folder}}/drop?move=.done/${file:name}"
            + "&moveFailed=.failed/${file:name}&readLock=changed&delay=200";
    private static final String OUTCOME =
            "file:{{hub.folder}}/outcome?fileName=${header.CamelFileName}.json&tempPrefix=.";

    static final Map<String, String> SEEN = new ConcurrentHashMap<>();

    /** Camel Quarkus adds the instance to its context like any other routes. */
    @Produces
    @Singleton
    StreamingSaga saga() {
        return new StreamingSaga();
    }

    @Override
    public void configure() {
        // Requires saga.hub.fail-on=compensated. The exchange still fails, so the file is moved to .failed.
        onException(SagaNotCompletedException.class).handled(false).to(OUTCOME);

        from(DROP).routeId("drop-folder")
                .to("direct:saga-ingest")
                .to(OUTCOME);

        from("direct:saga-store-seen").routeId("saga-store-seen")
                .process(exchange -> SEEN.put(saga(exchange), fact(exchange, "fileName")));
        from("direct:saga-store-seen-compensate").routeId("saga-store-seen-compensate")
                .process(exchange -> SEEN.remove(saga(exchange)));
    }

    private static String saga(Exchange exchange) {
        return fact(exchange, "sagaId");
    }

    private static String fact(Exchange exchange, String name) {
        return exchange.getMessage().getBody(Map.class).get(name).toString();
    }
}
