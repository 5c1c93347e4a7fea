package dev.streamingsaga.trace;

import org.apache.camel.Exchange;
import org.jspecify.annotations.Nullable;

/** The span of an exchange, to continue it in another exchange. Empty if there is no tracer. Immutable. */
public final class TraceLink {
    /** The exchange property in which camel-telemetry keeps the span, for every tracer. Only copied, never read. */
    private static final String SPAN = "tracing.activeSpan";

    static final TraceLink NONE = new TraceLink(null);

    private final @Nullable Object span;

    private TraceLink(@Nullable Object span) {
        this.span = span;
    }

    public static TraceLink of(Exchange exchange) {
        Object span = exchange.getProperty(SPAN);
        return span == null ? NONE : new TraceLink(span);
    }

    /** Makes this span the parent of the spans that the exchange creates from now on. */
    public void to(Exchange exchange) {
        if (span != null) {
            exchange.setProperty(SPAN, span);
        }
    }
}
