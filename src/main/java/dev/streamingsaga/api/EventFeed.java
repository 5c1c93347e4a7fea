package dev.streamingsaga.api;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.operations.SagaOperator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes live events. While there are listeners, it polls the journal twice a second, or every two seconds while no
 * saga is at work, and sends each saga that has changed to all of them. A new listener first gets the watched sagas,
 * see {@link SagaOperator#watched}, and the counts over all sagas; all of that for the documents that exist for it. A
 * slow listener misses intermediate states, never the latest one.
 */
final class EventFeed implements AutoCloseable {
    /** Interval at which {@link #tick} must be called. */
    static final long TICK_MILLIS = 500;

    private static final Logger LOG = LoggerFactory.getLogger(EventFeed.class);
    /** Without a saga at work it polls at every fourth tick only. */
    private static final int IDLE_TICKS = 4;

    private final SagaOperator operator;
    private final SagaViews views;
    private final Totals totals;
    private final HiddenPaths paths;
    private final int maxListeners;
    private final Map<AccessLimit, SagaFeed> feeds = new ConcurrentHashMap<>();
    private int ticks;
    private boolean closed;

    EventFeed(ApiDependencies parts, SagaViews views, Totals totals) {
        this.operator = parts.operator();
        this.views = views;
        this.totals = totals;
        this.paths = new HiddenPaths(parts.config());
        this.maxListeners = parts.config().endpoints().http().limits().listeners();
    }

    /** {@code GET /api/events}. */
    Reply listen(ApiRequest request) {
        Query.of(request.call());
        EventStream stream =
                new EventStream(this::remove, request.caller().mayOperate() ? event -> event : paths::event);
        synchronized (this) {
            if (closed) {
                throw Responder.stopping();
            }
            if (listeners() >= maxListeners) {
                throw new Problem(
                                429,
                                "too-many-listeners",
                                maxListeners + " event streams are open (saga.http.max-listeners); close another page")
                        .header("Retry-After", "10");
            }
            feeds.computeIfAbsent(request.caller().limit(), limit -> feed(request, limit))
                    .add(stream);
        }
        return Reply.stream(200, stream, Reply.ENDLESS)
                .header("Content-Type", "text/event-stream")
                .header("X-Accel-Buffering", "no");
    }

    private SagaFeed feed(ApiRequest request, AccessLimit limit) {
        return new SagaFeed(request.as(operator), limit, views, totals);
    }

    /** Not synchronized: a stream is closed while the feeds are. */
    private void remove(EventStream stream) {
        feeds.values().forEach(feed -> feed.remove(stream));
    }

    private int listeners() {
        return feeds.values().stream().mapToInt(SagaFeed::listeners).sum();
    }

    /** Publishes the changes since the last call. */
    synchronized void tick() {
        feeds.values().removeIf(feed -> feed.listeners() == 0);
        ticks = (ticks + 1) % IDLE_TICKS;
        for (SagaFeed feed : feeds.values()) {
            try {
                if (ticks == 0 || feed.isAtWork()) {
                    feed.publish();
                }
            } catch (RuntimeException e) {
                LOG.warn("cannot poll the journal for events ({}); retrying in a moment", e.toString());
            }
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        feeds.values().forEach(SagaFeed::close);
    }
}
