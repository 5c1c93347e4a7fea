package dev.streamingsaga.trace;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
class RunningTracesTest {
    private final DefaultCamelContext context = new DefaultCamelContext();
    private final Traces traces = Traces.of(context);
    private final Exchange run = inSpan("run");
    private final Exchange answer = inSpan("answer");

    @BeforeEach
    void begin() {
        traces.begin("s", run);
        traces.begin("s", answer);
    }

    /** The caller gets its answer before the exchange of the saga ends: late work belongs to that exchange. */
    @Test
    void work_belongs_to_the_newest_exchange_that_has_not_ended() {
        assertThat(span()).isEqualTo("answer");
        traces.end("s", answer);
        assertThat(span()).isEqualTo("run");
        traces.end("s", run);
        assertThat(span()).isNull();
    }

    @Test
    void an_earlier_exchange_that_ends_does_not_affect_the_later_one() {
        traces.end("s", run);

        assertThat(span()).isEqualTo("answer");
    }

    private Exchange inSpan(String span) {
        Exchange exchange = new DefaultExchange(context);
        exchange.setProperty("tracing.activeSpan", span);
        return exchange;
    }

    private Object span() {
        Exchange late = new DefaultExchange(context);
        traces.of("s").to(late);
        return late.getProperty("tracing.activeSpan");
    }
}
