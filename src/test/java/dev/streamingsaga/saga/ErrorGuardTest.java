package dev.streamingsaga.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import org.apache.camel.AsyncCallback;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.ProducerTemplate;
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
    private ProducerTemplate template;

    @BeforeEach
    void start() throws Exception {
        ErrorGuard.addTo(context);
        ErrorGuard.addTo(context);
        context.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                errorHandler(noErrorHandler());
                from("direct:several")
                        .routeId("several")
                        .multicast()
                        .stopOnException()
                        .to("direct:theirs", "direct:well")
                        .end()
                        .process(e -> after.incrementAndGet());
                from("direct:theirs").routeId("theirs").process(DIES).process(e -> after.incrementAndGet());
                from("direct:tried")
                        .routeId("tried")
                        .doTry()
                        .to("direct:theirs")
                        .doCatch(Throwable.class)
                        .setBody(constant("caught"))
                        .end();
                from("direct:threads")
                        .routeId("threads")
                        .threads(1)
                        .process(e -> after.incrementAndGet())
                        .process(DIES)
                        .process(e -> after.incrementAndGet());
                from("direct:async").routeId("async").process(new Throwing()).process(e -> after.incrementAndGet());
                from("direct:well").routeId("well").threads(1).process(e -> after.incrementAndGet());
            }
        });
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

    @Test
    void is_added_once() {
        assertThat(context.getCamelContextExtension().getInterceptStrategies()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"direct:several", "direct:theirs"})
    void an_exchange_of_a_saga_fails_and_goes_no_further(String uri) {
        assertThat(ofSaga(uri).getException())
                .hasRootCauseInstanceOf(OutOfMemoryError.class)
                .hasRootCauseMessage("simulated");
        assertThat(ofSaga("direct:well").getException()).isNull();
        assertThat(after).as("of the second exchange only").hasValue(1);
    }

    @Test
    void an_asynchronous_processor_that_throws_instead_of_calling_back_fails() {
        assertThat(ofSaga("direct:async").getException()).isInstanceOf(IllegalStateException.class);
        assertThat(after).hasValue(0);
    }

    @Test
    void a_route_may_catch_it() {
        assertThat(ofSaga("direct:tried").getMessage().getBody()).isEqualTo("caught");
    }

    @Test
    void on_another_thread_too() {
        assertThat(ofSaga("direct:threads").getException()).hasRootCauseInstanceOf(OutOfMemoryError.class);
        assertThat(after).hasValue(1);
    }

    @Test
    void anybody_elses_exchange_is_as_it_always_was() {
        assertThatThrownBy(() -> template.request("direct:theirs", e -> {})).isInstanceOf(OutOfMemoryError.class);
        assertThat(template.request("direct:well", e -> {}).getException()).isNull();
    }
}
