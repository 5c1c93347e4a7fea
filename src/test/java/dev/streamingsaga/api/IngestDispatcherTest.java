package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.trace.TraceLink;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
class IngestDispatcherTest {
    @Test
    void a_client_that_has_its_answer_does_not_count_any_more() throws Exception {
        SagaConfig config = Settings.parse(Map.of("saga.http.max-sagas", "1"));
        try (DefaultCamelContext context = new DefaultCamelContext()) {
            context.addRoutes(new RouteBuilder() {
                @Override
                public void configure() {
                    from(config.direct(RouteNames.INGEST))
                            .process(exchange -> exchange.getMessage().setBody(null));
                }
            });
            context.start();
            IngestDispatcher dispatcher = new IngestDispatcher(config, context);
            IngestDispatcher.IngestSource source = new IngestDispatcher.IngestSource(
                    Path.of("f"),
                    "f",
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Access.HUB,
                    Optional.empty());
            dispatcher.acquire();

            boolean sentAnother = dispatcher
                    .submit(source, TraceLink.of(new DefaultExchange(context)), () -> {})
                    .outcome()
                    .thenApply(answer -> {
                        dispatcher.acquire();
                        return true;
                    })
                    .get(1, TimeUnit.MINUTES);

            assertThat(sentAnother).isTrue();
        }
    }
}
