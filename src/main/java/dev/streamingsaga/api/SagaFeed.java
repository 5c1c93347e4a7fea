package dev.streamingsaga.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.access.AccessLimit;
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
import java.util.stream.Collectors;

/** The live events for all listeners that may see the same documents. Used by one thread at a time. */
final class SagaFeed {
    private static final int WATCHED = 200;

    private final SagaOperator sagas;
    private final AccessLimit limit;
    private final SagaViews views;
    private final Totals totals;
    private final Set<EventStream> listeners = ConcurrentHashMap.newKeySet();
    private final ObjectMapper json = new ObjectMapper();
    private Map<String, String> published = Map.of();
    private Map<String, Shown> idle = Map.of();
    private Map<String, SagaRecord> ended = Map.of();
    private boolean atWork;

    /** Everything that the view of a saga depends on that no process works on. */
    private record Shown(SagaRecord saga, OpenCleanups open) {}

    /** @param sagas the facade for these listeners */
    SagaFeed(SagaOperator sagas, AccessLimit limit, SagaViews views, Totals totals) {
        this.sagas = sagas;
        this.limit = limit;
        this.views = views;
        this.totals = totals;
    }

    /** The listener first gets everything that was published. */
    void add(EventStream listener) {
        publish();
        published.forEach(listener::offer);
        listeners.add(listener);
    }

    void remove(EventStream listener) {
        listeners.remove(listener);
    }

    int listeners() {
        return listeners.size();
    }

    boolean isAtWork() {
        return atWork || !sagas.running().isEmpty();
    }

    void close() {
        listeners.forEach(EventStream::close);
    }

    /** Publishes the changes since the last call. */
    void publish() {
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
        List<SagaRecord> watched = sagas.watched(WATCHED, ended).stream()
                .sorted(Comparator.comparing(SagaRecord::sagaId))
                .toList();
        ended = watched.stream()
                .filter(saga -> saga.state().isFinal())
                .collect(Collectors.toMap(SagaRecord::sagaId, saga -> saga));
        Map<String, OpenCleanups> open =
                sagas.openCleanups(watched.stream().map(SagaRecord::sagaId).toList());
        Map<String, String> events = sagaEvents(watched, open);
        atWork = watched.stream().anyMatch(saga -> !saga.state().isFinal() && saga.state() != SagaState.PAUSED);
        SagaCounts counts = totals.counts(limit);
        events.put("cleanups", event("cleanups", Totals.cleanups(counts)));
        events.put("counts", event("counts", totals.view(counts)));
        return events;
    }

    /** Events by saga, in this order. Steps and chunks are queried only for sagas that a process works on. */
    private Map<String, String> sagaEvents(List<SagaRecord> watched, Map<String, OpenCleanups> open) {
        Map<String, Shown> nowIdle = new HashMap<>();
        Map<String, String> events = new LinkedHashMap<>();
        List<SagaRecord> changed = new ArrayList<>();
        for (SagaRecord saga : watched) {
            Shown now = new Shown(saga, open.getOrDefault(saga.sagaId(), OpenCleanups.NONE));
            String before = now.equals(idle.get(saga.sagaId())) ? published.get(saga.sagaId()) : null;
            events.put(saga.sagaId(), before == null ? "" : before);
            if (before == null) {
                changed.add(saga);
            }
            if (isIdle(saga)) {
                nowIdle.put(saga.sagaId(), now);
            }
        }
        views.summaries(changed, open).forEach(summary -> events.put(summary.sagaId(), event("saga", summary)));
        idle = nowIdle;
        return events;
    }

    /** Whether its chunks change only together with its row. */
    private boolean isIdle(SagaRecord saga) {
        SagaState state = saga.state();
        return state.isFinal()
                || (state == SagaState.PAUSED || state == SagaState.RECEIVED)
                        && sagas.findRunning(saga.sagaId()).isEmpty();
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
}
