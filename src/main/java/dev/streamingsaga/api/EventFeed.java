package dev.streamingsaga.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.api.Operation.Request;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.OpenCleanups;
import dev.streamingsaga.journal.SagaCounts;
import dev.streamingsaga.journal.SagaRecord;
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
 * Live events: while somebody listens, the journal is looked at twice a second, and each saga that looks different
 * since is told to all. A new listener first gets the sagas that are watched, see {@link Journal#watched}, and the
 * counts over all. Who is slow misses what lies between, never the last.
 */
final class EventFeed implements AutoCloseable {
    /** How often {@link #tick} is to be called. */
    static final long TICK_MILLIS = 500;

    private static final Logger LOG = LoggerFactory.getLogger(EventFeed.class);
    private static final int WATCHED = 200;

    private final Journal journal;
    private final SagaViews views;
    private final Totals totals;
    private final HiddenPaths paths;
    private final int maxListeners;
    private final Set<EventStream> listeners = ConcurrentHashMap.newKeySet();
    private final ObjectMapper json = new ObjectMapper();
    private Map<String, String> told = Map.of();
    private Map<String, Ended> ended = Map.of();
    private boolean closed;

    /** What a saga that has its outcome looks like depends on this alone. */
    private record Ended(SagaRecord saga, OpenCleanups open) {}

    EventFeed(ApiDependencies parts, SagaViews views, Totals totals) {
        this.journal = parts.journal();
        this.views = views;
        this.totals = totals;
        this.paths = new HiddenPaths(parts.config());
        this.maxListeners = parts.config().http().limits().listeners();
    }

    /** {@code GET /api/events}. */
    Reply listen(Request request) {
        Query.of(request.call());
        EventStream stream =
                new EventStream(listeners::remove, request.caller().mayOperate() ? event -> event : paths::event);
        synchronized (this) {
            if (closed) {
                throw ApiRoutes.stopping();
            }
            if (listeners.size() >= maxListeners) {
                throw new Problem(
                                429,
                                "too-many-listeners",
                                maxListeners + " listen already (saga.http.max-listeners); close a page")
                        .header("Retry-After", "10");
            }
            publish();
            told.forEach(stream::offer);
            listeners.add(stream);
        }
        return Reply.stream(200, stream, Reply.ENDLESS)
                .header("Content-Type", "text/event-stream")
                .header("X-Accel-Buffering", "no");
    }

    /** Tells what changed. */
    synchronized void tick() {
        if (listeners.isEmpty()) {
            return;
        }
        try {
            publish();
        } catch (RuntimeException e) {
            LOG.warn("cannot look for events ({}); tried again in a moment", e.toString());
        }
    }

    private void publish() {
        Map<String, String> now = poll();
        if (!listeners.isEmpty()) {
            now.forEach((key, data) -> {
                if (!data.equals(told.get(key))) {
                    listeners.forEach(listener -> listener.offer(key, data));
                }
            });
            Set<String> gone = new HashSet<>(told.keySet());
            gone.removeAll(now.keySet());
            tellOnceMore(gone);
        }
        told = now;
    }

    /** Events by what they are about, oldest saga first, then the counts. */
    private Map<String, String> poll() {
        List<SagaRecord> watched = journal.watched(WATCHED).stream()
                .sorted(Comparator.comparing(SagaRecord::sagaId))
                .toList();
        Map<String, OpenCleanups> open = journal.cleanups()
                .openOf(watched.stream().map(SagaRecord::sagaId).toList());
        Map<String, String> events = new LinkedHashMap<>();
        Map<String, Ended> stillEnded = new HashMap<>();
        for (SagaRecord saga : watched) {
            Ended now = new Ended(saga, open.getOrDefault(saga.sagaId(), OpenCleanups.NONE));
            // What ended and did not change is not asked for again: its chunks alone are a query for each saga.
            String before = now.equals(ended.get(saga.sagaId())) ? told.get(saga.sagaId()) : null;
            events.put(saga.sagaId(), before == null ? event("saga", views.summary(saga, now.open())) : before);
            if (saga.state().isFinal()) {
                stillEnded.put(saga.sagaId(), now);
            }
        }
        ended = stillEnded;
        SagaCounts counts = totals.counts();
        events.put("cleanups", event("cleanups", Totals.cleanups(counts)));
        events.put("counts", event("counts", Totals.view(counts)));
        return events;
    }

    /**
     * What is not watched any more was told last as it was then: it may have ended since, or need no attention any
     * more.
     */
    private void tellOnceMore(Set<String> sagaIds) {
        for (String sagaId : sagaIds) {
            journal.saga(sagaId)
                    .map(saga -> event("saga", views.summary(saga)))
                    .filter(event -> !event.equals(told.get(sagaId)))
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
