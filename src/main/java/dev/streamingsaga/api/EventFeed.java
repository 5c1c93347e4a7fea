package dev.streamingsaga.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.api.Operation.Request;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Live events: while somebody listens, the journal is looked at twice a second, and each saga that looks different since is told to
 * all. Who comes gets the newest sagas first. Who is slow misses what lies between, never the last.
 */
final class EventFeed implements AutoCloseable {
    /** How often {@link #tick} is to be called. */
    static final long TICK_MILLIS = 500;

    private static final Logger LOG = LoggerFactory.getLogger(EventFeed.class);
    private static final int NEWEST = 200;

    private final Journal journal;
    private final SagaViews views;
    private final int maxListeners;
    private final Set<EventStream> listeners = ConcurrentHashMap.newKeySet();
    private final ObjectMapper json = new ObjectMapper();
    private Map<String, String> told = Map.of();
    private boolean closed;

    EventFeed(ApiParts parts, SagaViews views) {
        this.journal = parts.journal();
        this.views = views;
        this.maxListeners = parts.config().http().limits().listeners();
    }

    /** {@code GET /api/events}. */
    Reply listen(Request request) {
        Query.of(request.call());
        EventStream stream = new EventStream(listeners::remove);
        synchronized (this) {
            if (closed) {
                throw ApiRoutes.stopping();
            }
            if (listeners.size() >= maxListeners) {
                throw new Problem(429, "too-many-listeners", maxListeners + " listen already (saga.http.max-listeners); close a page")
                        .header("Retry-After", "10");
            }
            told = look();
            told.forEach(stream::offer);
            listeners.add(stream);
        }
        return Reply.stream(200, stream, Reply.ENDLESS).header("Content-Type", "text/event-stream").header("X-Accel-Buffering", "no");
    }

    /** Tells what changed. */
    synchronized void tick() {
        if (listeners.isEmpty()) {
            return;
        }
        try {
            Map<String, String> now = look();
            now.forEach((key, data) -> {
                if (!data.equals(told.get(key))) {
                    listeners.forEach(listener -> listener.offer(key, data));
                }
            });
            told = now;
        } catch (RuntimeException e) {
            LOG.warn("cannot look for events ({}); tried again in a moment", e.toString());
        }
    }

    /** Events by what they are about, oldest saga first. */
    private Map<String, String> look() {
        Map<String, SagaRecord> sagas = new HashMap<>();
        journal.sagas(EnumSet.allOf(SagaState.class), "", NEWEST).forEach(saga -> sagas.put(saga.sagaId(), saga));
        journal.unfinished().forEach(saga -> sagas.put(saga.sagaId(), saga));
        Map<String, String> events = new LinkedHashMap<>();
        sagas.keySet().stream().sorted().forEach(id -> events.put(id, event("saga", views.summary(sagas.get(id)))));
        List<CleanupEntry> open = journal.cleanups().all().stream().filter(entry -> entry.state().isOpen()).toList();
        long blocked = open.stream().filter(entry -> entry.state() == CleanupEntry.State.BLOCKED).count();
        events.put("cleanups", event("cleanups", Map.of("open", open.size(), "blocked", blocked)));
        return events;
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
