package dev.streamingsaga.observe;

import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.telemetry.Span;
import org.apache.camel.telemetry.decorators.SqlSpanDecorator;

/** Adds the saga to the spans of SQL statements. camel-telemetry loads this class as a service. */
public final class SqlSpans extends SqlSpanDecorator {
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
