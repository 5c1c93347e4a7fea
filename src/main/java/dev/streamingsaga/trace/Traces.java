package dev.streamingsaga.trace;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;

/**
 * The traces of the sagas that run in a context. Links the separate exchanges of callbacks, compensations and batches
 * to the trace of their saga. Thread-safe.
 */
public final class Traces {
    /** For each saga the exchanges that have not ended, the newest last. */
    private final Map<String, List<RunningExchange>> running = new ConcurrentHashMap<>();

    private record RunningExchange(String exchangeId, TraceLink link) {}

    private Traces() {}

    /** The traces of all instances in the context. */
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

    /** From now on, work for the saga belongs to the span of this exchange, until it ends or another one begins. */
    public void begin(String sagaId, Exchange exchange) {
        TraceLink link = TraceLink.of(exchange);
        if (link != TraceLink.NONE) {
            running.merge(
                    sagaId,
                    List.of(new RunningExchange(exchange.getExchangeId(), link)),
                    (earlier, begun) ->
                            Stream.concat(earlier.stream(), begun.stream()).toList());
        }
    }

    /** From now on, work for the saga belongs to the exchange that began before, if that has not ended. */
    public void end(String sagaId, Exchange exchange) {
        running.computeIfPresent(sagaId, (id, all) -> {
            List<RunningExchange> others = all.stream()
                    .filter(begun -> !begun.exchangeId().equals(exchange.getExchangeId()))
                    .toList();
            return others.isEmpty() ? null : others;
        });
    }

    /** The current span of the saga; {@link TraceLink#NONE} if it does not run here or there is no tracer. */
    public TraceLink of(String sagaId) {
        List<RunningExchange> begun = running.get(sagaId);
        return begun == null ? TraceLink.NONE : begun.get(begun.size() - 1).link();
    }
}
