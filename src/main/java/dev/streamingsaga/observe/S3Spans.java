package dev.streamingsaga.observe;

import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.telemetry.Span;
import org.apache.camel.telemetry.decorators.AbstractSpanDecorator;

/** Adds the saga to the spans of bucket requests. camel-telemetry loads this class as a service. */
public final class S3Spans extends AbstractSpanDecorator {
    @Override
    public String getComponent() {
        return "aws2-s3";
    }

    @Override
    public String getComponentClassName() {
        return "org.apache.camel.component.aws2.s3.AWS2S3Component";
    }

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
