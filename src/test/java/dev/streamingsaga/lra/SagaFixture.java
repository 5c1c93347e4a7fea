package dev.streamingsaga.lra;

import dev.streamingsaga.config.ServerConfig;
import dev.streamingsaga.lra.CallbackToken.Target;
import dev.streamingsaga.outage.Patience;
import dev.streamingsaga.testkit.CoordinatorSettings;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.model.SagaPropagation;

/** A Camel context with a root saga and two participants, configured as in the bundle, for any coordinator URL. */
final class SagaFixture implements AutoCloseable {
    static final String SAGA = "01jd0000000000000000000000";
    static final ServerConfig.Callback CALLBACK = new ServerConfig.Callback("127.0.0.1", 0, Optional.empty(), "");

    final RecordingHandler handler = new RecordingHandler();
    final CamelContext camel = new DefaultCamelContext();
    final CallbackListener listener;
    final JournalSagaService service;
    final Set<String> bodyThreads = ConcurrentHashMap.newKeySet();
    volatile Runnable lastStep = () -> {};

    SagaFixture(CoordinatorAccess access, Path dataDir, Duration timeout) throws Exception {
        listener = CallbackListener.start(CALLBACK, dataDir, access.scope(), handler);
        service = new JournalSagaService(
                new LraSettings(access, timeout, Duration.ZERO, listener.uri(), 6), Patience.none());
        camel.getShutdownStrategy().setTimeout(5);
        camel.addRoutes(routes());
        camel.start();
    }

    static SagaFixture against(URI coordinator, Path dataDir, Duration timeout) throws Exception {
        return new SagaFixture(CoordinatorSettings.access(coordinator), dataDir, timeout);
    }

    static Target target(String step) {
        return new Target(SAGA, 1, step);
    }

    private RouteBuilder routes() {
        return new RouteBuilder() {
            @Override
            public void configure() {
                errorHandler(noErrorHandler());
                from("direct:root")
                        .routeId("root")
                        .saga()
                        .sagaService(service)
                        .propagation(SagaPropagation.REQUIRES_NEW)
                        .option(CallbackToken.OPTION, exchangeProperty("Token-root"))
                        .compensation("direct:x-compensate")
                        .completion("direct:x-complete")
                        .to("direct:first")
                        .to("direct:second");
                from("direct:first")
                        .routeId("first")
                        .saga()
                        .sagaService(service)
                        .propagation(SagaPropagation.MANDATORY)
                        .option(CallbackToken.OPTION, exchangeProperty("Token-first"))
                        .compensation("direct:x-compensate")
                        .process(e -> bodyThreads.add(Thread.currentThread().getName()));
                from("direct:second")
                        .routeId("second")
                        .saga()
                        .sagaService(service)
                        .propagation(SagaPropagation.MANDATORY)
                        .option(CallbackToken.OPTION, exchangeProperty("Token-second"))
                        .compensation("direct:x-compensate")
                        .process(e -> bodyThreads.add(Thread.currentThread().getName()))
                        .process(e -> lastStep.run());
                from("direct:odd")
                        .routeId("odd")
                        .saga()
                        .sagaService(service)
                        .propagation(SagaPropagation.REQUIRES_NEW)
                        .option(CallbackToken.OPTION, header("odd"))
                        .compensation("direct:x-compensate")
                        .process(e -> lastStep.run());
                from("direct:x-compensate").routeId("x-compensate").process(SagaFixture::notByCamel);
                from("direct:x-complete").routeId("x-complete").process(SagaFixture::notByCamel);
            }
        };
    }

    private static void notByCamel(Exchange exchange) {
        throw new AssertionError("the callback's endpoint was called");
    }

    private String token(String step) {
        return listener.tokens().issue(target(step));
    }

    Exchange run(String endpoint, Map<String, Object> headers) {
        return camel.createProducerTemplate().send(endpoint, e -> {
            // saga() wraps its whole route, so its options are evaluated before any other step of the route.
            List.of("root", "first", "second").forEach(step -> e.setProperty("Token-" + step, token(step)));
            e.getMessage().setHeaders(new HashMap<>(headers));
        });
    }

    Exchange run() {
        return run("direct:root", Map.of());
    }

    List<Target> compensated() {
        return handler.compensated;
    }

    @Override
    public void close() throws Exception {
        camel.close();
        service.release();
        listener.close();
    }
}
