package dev.streamingsaga.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.journal.OpenCleanups;
import dev.streamingsaga.journal.SagaCounts;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.operations.SagaOperator;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes live events. While there are listeners, it polls the journal twice a second, or every two seconds while no
 * saga is at work, and sends each saga that has changed to all of them. A new listener first gets the watched sagas,
 * see {@link SagaOperator#watched}, and the counts over all sagas. A slow listener misses intermediate states, never
 * the latest one.
 */
final class EventFeed implements AutoCloseable {
    /** Interval at which {@link #tick} must be called. */
    static final long TICK_MILLIS = 500;

    private static final Logger LOG = LoggerFactory.getLogger(EventFeed.class);
    private static final int WATCHED = 200;
    /** Without a saga at work it polls at every fourth tick only. */
    private static final int IDLE_TICKS = 4;

    private final SagaOperator sagas;
    private final SagaViews views;
    private final Totals totals;
    private final HiddenPaths paths;
    private final int maxListeners;
    private final Set<EventStream> listeners = ConcurrentHashMap.newKeySet();
    private final ObjectMapper json = new ObjectMapper();
    private Map<String, String> published = Map.of();
    private Map<String, Ended> ended = Map.of();
    private boolean atWork;
    private int ticks;
    private boolean closed;

    /** Everything that the view of an ended saga depends on. */
    private record Ended(SagaRecord saga, OpenCleanups open) {}

    EventFeed(ApiDependencies parts, SagaViews views, Totals totals) {
        this.sagas = parts.operator();
        this.views = views;
        this.totals = totals;
        this.paths = new HiddenPaths(parts.config());
        this.maxListeners = parts.config().endpoints().http().limits().listeners();
    }

    /** {@code GET /api/events}. */
    Reply listen(ApiRequest request) {
        Query.of(request.call());
        EventStream stream =
                new EventStream(listeners::remove, request.caller().mayOperate() ? event -> event : paths::event);
        synchronized (this) {
            if (closed) {
                throw Responder.stopping();
            }
            if (listeners.size() >= maxListeners) {
                throw new Problem(
                                429,
                                "too-many-listeners",
                                maxListeners + " event streams are open (saga.http.max-listeners); close another page")
                        .header("Retry-After", "10");
            }
            publish();
            published.forEach(stream::offer);
            listeners.add(stream);
        }
        return Reply.stream(200, stream, Reply.ENDLESS)
                .header("Content-Type", "text/event-stream")
                .header("X-Accel-Buffering", "no");
    }

    /** Publishes the changes since the last call. */
    synchronized void tick() {
        if (listeners.isEmpty() || !isDue()) {
            return;
        }
        try {
            publish();
        } catch (RuntimeException e) {
            LOG.warn("cannot poll the journal for events ({}); retrying in a moment", e.toString());
        }
    }

    private boolean isDue() {
        ticks = (ticks + 1) % IDLE_TICKS;
        return ticks == 0 || atWork || !sagas.running().isEmpty();
    }

    private void publish() {
        Map<String, String> current = poll();
        if (!listeners.isEmpty()) {
            current.forEach((key, data) -> {
                if (!data.equals(published.get(key))) {
                    listeners.forEach(listener -> listener.offer(key, data));
                }
            });
            Set<String> removed = new HashSet<>(published.keySet());
            removed.removeAll(current.keySet());
            publishFinalState(removed);
        }
        published = current;
    }

    /** Current events by key: the sagas, oldest first, then the counts. */
    private Map<String, String> poll() {
        List<SagaRecord> watched = sagas.watched(WATCHED).stream()
                .sorted(Comparator.comparing(SagaRecord::sagaId))
                .toList();
        Map<String, OpenCleanups> open =
                sagas.openCleanups(watched.stream().map(SagaRecord::sagaId).toList());
        Map<String, String> events = sagaEvents(watched, open);
        atWork = watched.stream().anyMatch(saga -> !saga.state().isFinal() && saga.state() != SagaState.PAUSED);
        SagaCounts counts = totals.counts();
        events.put("cleanups", event("cleanups", Totals.cleanups(counts)));
        events.put("counts", event("counts", totals.view(counts)));
        return events;
    }

    /** Events by saga, in this order. An ended saga that has not changed is not queried again. */
    private Map<String, String> sagaEvents(List<SagaRecord> watched, Map<String, OpenCleanups> open) {
        Map<String, Ended> nowEnded = new HashMap<>();
        Map<String, String> events = new LinkedHashMap<>();
        List<SagaRecord> changed = new ArrayList<>();
        for (SagaRecord saga : watched) {
            Ended now = new Ended(saga, open.getOrDefault(saga.sagaId(), OpenCleanups.NONE));
            String before = now.equals(ended.get(saga.sagaId())) ? published.get(saga.sagaId()) : null;
            events.put(saga.sagaId(), before == null ? "" : before);
            if (before == null) {
                changed.add(saga);
            }
            if (saga.state().isFinal()) {
                nowEnded.put(saga.sagaId(), now);
            }
        }
        views.summaries(changed, open).forEach(summary -> events.put(summary.sagaId(), event("saga", summary)));
        ended = nowEnded;
        return events;
    }

    /** Publishes sagas that are no longer watched once more: they may have ended, or may no longer need attention. */
    private void publishFinalState(Set<String> sagaIds) {
        for (String sagaId : sagaIds) {
            sagas.findSaga(sagaId)
                    .map(saga -> event("saga", views.summary(saga)))
                    .filter(event -> !event.equals(published.get(sagaId)))
                    .ifPresent(event -> listeners.forEach(listener -> listener.offer(sagaId, event)));
        }
    }

    private String event(String name, Object data) {
        try {
            return "event: " + name + "\ndata: " + json.writeValueAsString(data) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("records and maps of text and numbers are JSON", e);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        listeners.forEach(EventStream::close);
    }
}
