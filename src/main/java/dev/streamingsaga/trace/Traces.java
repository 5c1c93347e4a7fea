package dev.streamingsaga.trace;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;

/** The traces of the sagas that run in a context: callbacks, compensations and batches come as exchanges of their own, and belong to them. Thread-safe. */
public final class Traces {
    private final Map<String, Begun> running = new ConcurrentHashMap<>();

    private record Begun(String exchangeId, TraceLink link) {}

    private Traces() {}

    /** Those of all instances in the context. */
    public static Traces of(CamelContext context) {
        synchronized (context.getRegistry()) {
            Traces known = context.getCamelContextExtension().getContextPlugin(Traces.class);
            if (known == null) {
                known = new Traces();
                context.getCamelContextExtension().addContextPlugin(Traces.class, known);
            }
            return known;
        }
    }

    /** From here on, until it ends, what is done for the saga belongs to the span of this exchange. */
    public void begin(String sagaId, Exchange exchange) {
        TraceLink link = TraceLink.of(exchange);
        if (link != TraceLink.NONE) {
            running.put(sagaId, new Begun(exchange.getExchangeId(), link));
        }
    }

    /** Unless another exchange has gone on with the saga meanwhile. */
    public void end(String sagaId, Exchange exchange) {
        running.computeIfPresent(sagaId, (id, begun) -> begun.exchangeId().equals(exchange.getExchangeId()) ? null : begun);
    }

    /** Of no trace if the saga does not run here, or nobody traces. */
    public TraceLink of(String sagaId) {
        Begun begun = running.get(sagaId);
        return begun == null ? TraceLink.NONE : begun.link();
    }
}
