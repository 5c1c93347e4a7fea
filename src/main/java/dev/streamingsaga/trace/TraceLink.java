package dev.streamingsaga.trace;

import org.apache.camel.Exchange;
import org.jspecify.annotations.Nullable;

/** The span that an exchange is in, to go on with in another exchange. Of nobody, where nobody traces. Immutable. */
public final class TraceLink {
    /** Where camel-telemetry keeps it, whichever tracer it works for; ours to copy, not to read. */
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

    /** What the other exchange does from now on belongs to this span. */
    public void to(Exchange exchange) {
        if (span != null) {
            exchange.setProperty(SPAN, span);
        }
    }
}
