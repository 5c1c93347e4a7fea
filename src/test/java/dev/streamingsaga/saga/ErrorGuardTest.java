package dev.streamingsaga.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import org.apache.camel.AsyncCallback;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.Route;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.AsyncProcessorSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
@Tag("unit")
class ErrorGuardTest {
    private static final Processor DIES = exchange -> {
        throw new OutOfMemoryError("simulated");
    };

    private static final class Throwing extends AsyncProcessorSupport {
        @Override
        public boolean process(Exchange exchange, AsyncCallback callback) {
            throw new IllegalStateException("simulated");
        }
    }

    private final CamelContext context = new DefaultCamelContext();
    private final AtomicInteger after = new AtomicInteger();
    private ErrorGuard guard;
    private ProducerTemplate template;

    @BeforeEach
    void start() throws Exception {
        guard = ErrorGuard.addTo(context, "saga");
        context.getPropertiesComponent().addInitialProperty("helper", "direct:helper");
        context.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                errorHandler(noErrorHandler());
                from("direct:saga-several")
                        .multicast()
                        .stopOnException()
                        .to("direct:saga-store-dying", "direct:saga-well")
                        .end()
                        .process(e -> after.incrementAndGet());
                from("direct:saga-store-dying").routeId("writes").process(DIES).process(e -> after.incrementAndGet());
                from("direct:saga-store-calling")
                        .choice()
                        .when(body().isNull())
                        .to("{{helper}}?timeout=1000")
                        .end()
                        .process(e -> after.incrementAndGet());
                from("direct:helper").to("direct://second").process(e -> after.incrementAndGet());
                from("direct:second").process(DIES).process(e -> after.incrementAndGet());
                from("direct:saga-tried")
                        .doTry()
                        .to("direct:saga-store-dying")
                        .doCatch(Throwable.class)
                        .setBody(constant("caught"))
                        .end();
                from("direct:saga-threads")
                        .threads(1)
                        .process(e -> after.incrementAndGet())
                        .process(DIES)
                        .process(e -> after.incrementAndGet());
                from("direct:saga-async").process(new Throwing()).process(e -> after.incrementAndGet());
                from("timer:never?delay=1h").routeId("saga-entry").process(DIES);
                from("direct:saga-well").threads(1).process(e -> after.incrementAndGet());
                from("direct:theirs").routeId("theirs").process(DIES).process(e -> after.incrementAndGet());
                from("direct:archive-store-dying").routeId("archived").process(DIES);
            }
        });
        context.getShutdownStrategy().setTimeout(1); // a lost exchange never ends
        context.start();
        template = context.createProducerTemplate();
    }

    @AfterEach
    void stop() {
        context.stop();
    }

    private Exchange ofSaga(String uri) {
        return template.request(uri, ErrorGuard::mark);
    }

    @ParameterizedTest
    @ValueSource(strings = {"direct:saga-several", "direct:saga-store-dying", "direct:saga-store-calling"})
    void an_exchange_of_a_saga_fails_and_goes_no_further(String uri) {
        assertThat(ofSaga(uri).getException())
                .hasRootCauseInstanceOf(OutOfMemoryError.class)
                .hasRootCauseMessage("simulated");
        assertThat(ofSaga("direct:saga-well").getException()).isNull();
        assertThat(after).as("of the second exchange only").hasValue(1);
    }

    /** A processor that is not wrapped throws the error at its caller. */
    @ParameterizedTest
    @ValueSource(strings = {"direct:theirs", "direct:archive-store-dying"})
    void a_route_that_a_hub_built_for_itself_or_for_another_instance_is_left_alone(String uri) {
        assertThatThrownBy(() -> ofSaga(uri)).isInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void covers_the_routes_of_its_instance_and_what_its_stores_call() {
        assertThat(context.getRoutes())
                .filteredOn(route -> !ErrorGuard.covers(context, route))
                .extracting(Route::getRouteId)
                .containsExactlyInAnyOrder("theirs", "archived");
    }

    @Test
    void nothing_stays_in_the_context_when_the_last_guard_is_closed() throws Exception {
        ErrorGuard other = ErrorGuard.addTo(context, "archive");
        guard.close();
        assertThat(context.getCamelContextExtension().getInterceptStrategies()).containsExactly(other);
        other.close();

        context.stop();
        context.start();

        assertThat(context.getCamelContextExtension().getInterceptStrategies()).isEmpty();
        assertThat(context.getRoutes()).isNotEmpty().noneMatch(route -> ErrorGuard.covers(context, route));
        template = context.createProducerTemplate();
        assertThatThrownBy(() -> ofSaga("direct:saga-store-dying")).isInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void routes_of_a_started_context_are_covered_when_they_are_built_after_the_guard() throws Exception {
        assertThat(ErrorGuard.covers(context, context.getRoute("archived"))).isFalse();

        try (ErrorGuard archive = ErrorGuard.addTo(context, "archive")) {
            context.addRoutes(new RouteBuilder() {
                @Override
                public void configure() {
                    from("direct:archive-store-late").routeId("late").to("direct:late-helper");
                    from("direct:late-helper").routeId("late-helper").process(DIES);
                }
            });
            assertThat(ErrorGuard.covers(context, context.getRoute("late"))).isTrue();
            assertThat(ErrorGuard.covers(context, context.getRoute("late-helper")))
                    .isTrue();
            assertThat(ErrorGuard.covers(context, context.getRoute("archived")))
                    .as("built before")
                    .isFalse();
            assertThat(ofSaga("direct:archive-store-late").getException()).hasRootCauseMessage("simulated");
            assertThat(archive).isNotEqualTo(guard);
        }
    }

    @Test
    void an_asynchronous_processor_that_throws_instead_of_calling_back_fails() {
        assertThat(ofSaga("direct:saga-async").getException()).isInstanceOf(IllegalStateException.class);
        assertThat(after).hasValue(0);
    }

    @Test
    void a_route_may_catch_it() {
        assertThat(ofSaga("direct:saga-tried").getMessage().getBody()).isEqualTo("caught");
    }

    @Test
    void on_another_thread_too() {
        assertThat(ofSaga("direct:saga-threads").getException()).hasRootCauseInstanceOf(OutOfMemoryError.class);
        assertThat(after).hasValue(1);
    }

    @Test
    void anybody_elses_exchange_is_as_it_always_was() {
        assertThatThrownBy(() -> template.request("direct:saga-store-dying", e -> {}))
                .isInstanceOf(OutOfMemoryError.class);
        assertThat(template.request("direct:saga-well", e -> {}).getException()).isNull();
    }
}
