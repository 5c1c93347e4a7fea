package dev.streamingsaga.trace;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;

/**
 * The traces of the sagas that run in a context: callbacks, compensations and batches come as exchanges of their own,
 * and belong to them. Thread-safe.
 */
public final class Traces {
    /** Of each saga those that have not ended, the newest last. */
    private final Map<String, List<Begun>> running = new ConcurrentHashMap<>();

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

    /**
     * From here on, until it ends or another begins, what is done for the saga belongs to the span of this exchange.
     */
    public void begin(String sagaId, Exchange exchange) {
        TraceLink link = TraceLink.of(exchange);
        if (link != TraceLink.NONE) {
            running.merge(
                    sagaId,
                    List.of(new Begun(exchange.getExchangeId(), link)),
                    (earlier, begun) ->
                            Stream.concat(earlier.stream(), begun.stream()).toList());
        }
    }

    /** What is done from now on belongs to the exchange that had begun before, if that has not ended. */
    public void end(String sagaId, Exchange exchange) {
        running.computeIfPresent(sagaId, (id, all) -> {
            List<Begun> others = all.stream()
                    .filter(begun -> !begun.exchangeId().equals(exchange.getExchangeId()))
                    .toList();
            return others.isEmpty() ? null : others;
        });
    }

    /** Of no trace if the saga does not run here, or nobody traces. */
    public TraceLink of(String sagaId) {
        List<Begun> begun = running.get(sagaId);
        return begun == null ? TraceLink.NONE : begun.get(begun.size() - 1).link();
    }
}
