package dev.streamingsaga.observe;

import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.telemetry.Span;
import org.apache.camel.telemetry.decorators.DirectSpanDecorator;

/** Adds the saga to the spans of {@code direct:} routes. camel-telemetry loads this class as a service. */
public final class DirectSpans extends DirectSpanDecorator {
    @Override
    public void beforeTracingEvent(Span span, Exchange exchange, Endpoint endpoint) {
        super.beforeTracingEvent(span, exchange, endpoint);
        SagaTags.begun(span, exchange);
    }

    @Override
    public void afterTracingEvent(Span span, Exchange exchange) {
        if (!SagaTags.ended(span, exchange)) {
            super.afterTracingEvent(span, exchange);
        }
    }
}
