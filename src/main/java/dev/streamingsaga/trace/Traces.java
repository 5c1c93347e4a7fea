package dev.streamingsaga.trace;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;

/** The traces of the sagas that run in a context: callbacks, compensations and batches come as exchanges of their own, and belong to them. Thread-safe. */
public final class Traces {
    private final Map<String, TraceLink> running = new ConcurrentHashMap<>();

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
            running.put(sagaId, link);
        }
    }

    public void end(String sagaId) {
        running.remove(sagaId);
    }

    /** Of no trace if the saga does not run here, or nobody traces. */
    public TraceLink of(String sagaId) {
        return running.getOrDefault(sagaId, TraceLink.NONE);
    }
}
