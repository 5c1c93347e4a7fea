package dev.streamingsaga.saga;

import dev.streamingsaga.config.SagaConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteBuilder;

/**
 * Stores of the smallest kind: pieces of sagas in memory, shared by all nodes, behind the same routes as any store,
 * with failures on demand.
 */
final class PropertyStores {
    private final Map<String, ConcurrentSkipListSet<String>> pieces = new ConcurrentHashMap<>();
    private final List<String> compensated = new CopyOnWriteArrayList<>();
    private final ConcurrentSkipListSet<String> visible = new ConcurrentSkipListSet<>();
    private final AtomicReference<Runnable> afterChange = new AtomicReference<>(() -> {});
    private final Map<String, Fault> faults = new ConcurrentHashMap<>();
    private final AtomicReference<Runnable> afterDelete = new AtomicReference<>(() -> {});

    /**
     * What becomes of the next compensations: an exception, a crash, an answer that does not tell the truth, or one
     * that nobody can check.
     */
    enum Failure {
        REFUSES,
        CRASHES,
        LIES,
        CANNOT_BE_ASKED,
        DOES_NOT_SHOW
    }

    private record Fault(Failure failure, int times) {}

    void fail(String store, Failure failure, int times) {
        faults.put(store, new Fault(failure, times));
    }

    void repair() {
        faults.clear();
    }

    /** Runs the action once, at the end of the next compensation, before it answers. */
    void afterDelete(Runnable action) {
        afterDelete.set(action);
    }

    void write(String store, String sagaId, int piece) {
        of(store).add(sagaId + "/" + piece);
    }

    List<String> held(String store, String sagaId) {
        return new ArrayList<>(new TreeSet<>(
                of(store).stream().filter(piece -> piece.startsWith(sagaId)).toList()));
    }

    private ConcurrentSkipListSet<String> of(String store) {
        return pieces.computeIfAbsent(store, s -> new ConcurrentSkipListSet<>());
    }

    private boolean fails(String store, Failure failure) {
        Fault fault = faults.get(store);
        if (fault == null || fault.failure() != failure) {
            return false;
        }
        faults.computeIfPresent(store, (s, f) -> f.times() > 1 ? new Fault(failure, f.times() - 1) : null);
        return true;
    }

    RouteBuilder routes(SagaConfig config, List<String> stores) {
        return new RouteBuilder() {
            @Override
            public void configure() {
                errorHandler(noErrorHandler());
                for (String store : stores) {
                    String name = config.id("store-" + store);
                    from("direct:" + name + "-compensate")
                            .routeId(name + "-compensate")
                            .process(exchange -> compensate(store, exchange));
                    from("direct:" + name + "-complete")
                            .routeId(name + "-complete")
                            .process(exchange -> complete(store, exchange));
                    from("direct:" + name + "-count")
                            .routeId(name + "-count")
                            .process(exchange -> count(store, exchange));
                }
            }
        };
    }

    /** The stores whose compensation was called, in order. */
    List<String> compensated() {
        return List.copyOf(compensated);
    }

    /** Runs after each change of what is visible. */
    void afterChange(Runnable observer) {
        afterChange.set(observer);
    }

    /** The sagas whose document this store shows. */
    List<String> visible(String store) {
        return visible.stream()
                .filter(shown -> shown.startsWith(store + "/"))
                .map(shown -> shown.substring(store.length() + 1))
                .toList();
    }

    private void complete(String store, Exchange exchange) {
        if (fails(store, Failure.DOES_NOT_SHOW)) {
            throw new IllegalStateException(store + " does not show it, on purpose");
        }
        if (!held(store, sagaId(exchange)).isEmpty()) {
            visible.add(store + "/" + sagaId(exchange));
        }
        afterChange.get().run();
    }

    private void compensate(String store, Exchange exchange) {
        compensated.add(store);
        if (fails(store, Failure.REFUSES)) {
            throw new IllegalStateException(store + " refuses on purpose");
        }
        if (fails(store, Failure.CRASHES)) {
            throw new AssertionError(store + " crashes on purpose");
        }
        String sagaId = sagaId(exchange);
        if (!fails(store, Failure.LIES)) {
            of(store).removeIf(piece -> piece.startsWith(sagaId));
            visible.remove(store + "/" + sagaId);
        }
        afterChange.get().run();
        afterDelete.getAndSet(() -> {}).run();
        exchange.getMessage().setBody("done");
    }

    private void count(String store, Exchange exchange) {
        if (fails(store, Failure.CANNOT_BE_ASKED)) {
            throw new IllegalStateException(store + " cannot be asked on purpose");
        }
        exchange.getMessage().setBody(held(store, sagaId(exchange)));
    }

    private static String sagaId(Exchange exchange) {
        return String.valueOf(exchange.getMessage().getBody(Map.class).get("sagaId"));
    }
}
