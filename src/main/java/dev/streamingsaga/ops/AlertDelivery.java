package dev.streamingsaga.ops;

import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.Journal;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Delivers journaled alerts: as a log line, and to {@code direct:<name>-alert} if the operator defines that route. */
final class AlertDelivery {
    private static final Logger LOG = LoggerFactory.getLogger(AlertDelivery.class);

    /** A webhook that hangs must not delay the compensation that caused the alert. */
    private static final Duration LIMIT = Duration.ofSeconds(15);
    /** Failed deliveries after which a round ends: each may take the whole limit. */
    private static final int MAX_FAILURES = 3;

    private static final Duration MAX_PAUSE = Duration.ofMinutes(10);

    private final Journal journal;
    private final CamelContext context;
    private final ProducerTemplate template;
    private final String route;
    private final Set<String> delivering = ConcurrentHashMap.newKeySet();
    private final Set<String> undelivered = ConcurrentHashMap.newKeySet();
    private volatile Duration grace = LIMIT;
    private Duration pause = Duration.ZERO;
    private volatile Instant nextAttemptAfter = Instant.EPOCH;

    /** @param route URI of the operator's route, which need not exist */
    AlertDelivery(Journal journal, CamelContext context, String route) {
        this.journal = journal;
        this.context = context;
        this.template = context.createProducerTemplate();
        this.route = route;
    }

    /** No other process can be delivering alerts now. */
    void startExclusively() {
        grace = Duration.ZERO;
    }

    /** Skips alerts whose delivery failed before: {@link #redeliver} repeats them. */
    void deliver(String sagaId) {
        journal.events().undelivered(journal.clock().instant()).stream()
                .filter(alert -> alert.sagaId().equals(sagaId) && !undelivered.contains(alert.eventId()))
                .forEach(this::deliver);
    }

    void redeliver() {
        Instant now = journal.clock().instant();
        if (now.isBefore(nextAttemptAfter)) {
            return;
        }
        int failed = 0;
        for (Event alert : journal.events().undelivered(now.minus(grace))) {
            failed += deliver(alert) ? 0 : 1;
            if (failed == MAX_FAILURES) {
                break;
            }
        }
        pause = failed == 0
                ? Duration.ZERO
                : Collections.min(List.of(MAX_PAUSE, pause.multipliedBy(2).plus(LIMIT)));
        nextAttemptAfter = now.plus(pause);
    }

    /** @return false if the alert must be delivered again */
    private boolean deliver(Event journaled) {
        if (!delivering.add(journaled.eventId())) {
            return true;
        }
        try {
            Map<String, Object> alert = JsonLine.parse(journaled.detail());
            LOG.warn(
                    "{} {}: saga {}: {}; {}",
                    alert.get("severity"),
                    alert.get("type"),
                    journaled.sagaId(),
                    journaled.message(),
                    alert.get("actionRequired"));
            if (!sendToRoute(alert)) {
                undelivered.add(journaled.eventId());
                return false;
            }
            journal.events().delivered(journaled);
            undelivered.remove(journaled.eventId());
            return true;
        } finally {
            delivering.remove(journaled.eventId());
        }
    }

    /** Sends the alert to the operator's route, if there is one. */
    private boolean sendToRoute(Map<String, Object> alert) {
        if (context.getRoutes().stream()
                .noneMatch(r -> r.getEndpoint().getEndpointUri().equals(route))) {
            return true;
        }
        Future<Object> answer = template.asyncRequestBody(route, alert);
        try {
            answer.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            answer.cancel(true);
            LOG.warn(
                    "the alert route {} failed or took longer than {} s ({}); the alert is in the journal and in the"
                            + " reports, and is delivered again",
                    route,
                    LIMIT.toSeconds(),
                    e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }
}
