package dev.streamingsaga.journal;

import dev.streamingsaga.journal.Delivery.Redelivery;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Redeliveries of documents whose saga was compensated for a transient reason. What follows a saga is decided in the
 * transaction of its final state. Every later change is a conditional update, so that of several processes only one
 * makes it, and a kill at any moment loses no redelivery and starts none twice.
 */
public final class Redeliveries {
    private static final Logger LOG = LoggerFactory.getLogger(Redeliveries.class);
    private static final String PENDING = "redelivery IN ('DUE','AFTER_CLEANUP')";
    /** Rows of one page of {@link #due}. */
    public static final int PAGE = 100;

    private final JournalDatabase db;
    private final SagaRepository sagas;
    private final EventRepository events;
    private RedeliveryPolicy policy = RedeliveryPolicy.OFF;
    private Function<SagaRecord, List<EventDraft>> alerts = saga -> List.of();

    Redeliveries(JournalDatabase db, SagaRepository sagas, EventRepository events) {
        this.db = db;
        this.sagas = sagas;
        this.events = events;
    }

    /**
     * Sets what this process decides by; nothing is delivered again before.
     *
     * @param givenUp creates the alert when a document is given up; called in a transaction, so no side effects
     */
    public void configure(RedeliveryPolicy newPolicy, Function<SagaRecord, List<EventDraft>> givenUp) {
        policy = newPolicy;
        alerts = givenUp;
    }

    /** Decides in the transaction in which the saga became COMPENSATED or PARTIALLY_COMPENSATED. */
    void decide(SagaRecord saga) {
        Delivery delivery = saga.delivery();
        boolean decided = delivery.redelivery().isPresent() && !delivery.isPending();
        if (policy.max() == 0 || decided || delivery.endpoint().isEmpty() || !hasTransientFailure(saga.sagaId())) {
            return;
        }
        long end = endMillis(delivery);
        if (delivery.attempt() > policy.max() || db.now() >= end) {
            recordGivenUp(saga);
        } else if (saga.state() == SagaState.PARTIALLY_COMPENSATED) {
            schedule(saga, Redelivery.AFTER_CLEANUP, end);
        } else {
            schedule(saga, Redelivery.DUE, db.now() + policy.delayMillis(delivery.attempt()));
        }
    }

    /** Whether the saga was compensated for a transient reason, so that another saga of its document may succeed. */
    public boolean hasTransientFailure(String sagaId) {
        return db.sql
                .sql("SELECT transient_failure FROM saga WHERE saga_id = ?")
                .param(sagaId)
                .query(Integer.class)
                .optional()
                .filter(value -> value == 1)
                .isPresent();
    }

    /** When {@link RedeliveryPolicy#until} ends. */
    private long endMillis(Delivery delivery) {
        return sagas.get(delivery.id()).receivedAt().plus(policy.until()).toEpochMilli();
    }

    private void schedule(SagaRecord saga, Redelivery redelivery, long at) {
        int updated = db.sql
                .sql("UPDATE saga SET redelivery = ?, next_delivery_at = ? WHERE saga_id = ?"
                        + " AND (redelivery IS NULL OR " + PENDING + ")")
                .params(redelivery.name(), at, saga.sagaId())
                .update();
        if (updated == 1) {
            String message = redelivery == Redelivery.DUE
                    ? "the document is delivered again at " + Instant.ofEpochMilli(at) + ", redelivery "
                            + saga.delivery().attempt() + " of " + policy.max()
                    : "the document is delivered again when all residue is removed";
            events.append(saga.sagaId(), Event.EventKind.STATE, "", message, "");
            JournalDatabase.afterCommit(() -> LOG.info("saga {} {}: {}", saga.sagaId(), saga.fileName(), message));
        }
    }

    /**
     * Gives up the redelivery of a document, with an alert.
     *
     * @return false if nothing was pending any more
     */
    public boolean giveUp(SagaRecord saga) {
        return db.inTransaction(() -> saga.delivery().isPending() && recordGivenUp(saga));
    }

    private boolean recordGivenUp(SagaRecord saga) {
        int updated = db.sql
                .sql("UPDATE saga SET redelivery = 'GIVEN_UP', next_delivery_at = NULL WHERE saga_id = ?"
                        + " AND (redelivery IS NULL OR " + PENDING + ")")
                .param(saga.sagaId())
                .update();
        if (updated == 1) {
            alerts.apply(saga)
                    .forEach(draft ->
                            events.append(saga.sagaId(), draft.kind(), draft.step(), draft.message(), draft.detail()));
        }
        return updated == 1;
    }

    /** Whether {@link RedeliveryPolicy#until} has ended for a pending redelivery, or redelivery is switched off. */
    public boolean isOver(SagaRecord saga) {
        return policy.max() == 0 || db.now() >= endMillis(saga.delivery());
    }

    /**
     * Pending redeliveries whose time has come, oldest saga first; at most {@value #PAGE}.
     *
     * @param after the last saga of the page before; empty for the first page
     */
    public List<SagaRecord> due(String after) {
        return db.sql
                .sql("SELECT * FROM saga WHERE next_delivery_at IS NOT NULL AND next_delivery_at <= ?"
                        + " AND saga_id > ? AND " + SagaFormat.KNOWN + " ORDER BY saga_id LIMIT " + PAGE)
                .params(db.now(), after)
                .query(SagaRepository::saga)
                .list();
    }

    /**
     * Claims a due redelivery for another saga. Call it in the transaction that registers that saga.
     *
     * @return false if another process was faster, or the redelivery is not due any more
     */
    boolean start(String previous, String sagaId) {
        return end(previous, Redelivery.STARTED, "redelivery = 'DUE'", "delivered again as saga " + sagaId);
    }

    /** Ends a pending redelivery because another saga has the document, or the file has changed. */
    public boolean replace(String sagaId, String why) {
        return end(sagaId, Redelivery.REPLACED, PENDING, "not delivered again: " + why);
    }

    /** Cancels a pending redelivery on behalf of an operator. */
    public boolean cancel(String sagaId) {
        return end(sagaId, Redelivery.CANCELLED, PENDING, "not delivered again: cancelled by an operator");
    }

    private boolean end(String sagaId, Redelivery outcome, String condition, String message) {
        return db.inTransaction(() -> {
            int updated = db.sql
                    .sql("UPDATE saga SET redelivery = ?, next_delivery_at = NULL WHERE saga_id = ? AND " + condition)
                    .params(outcome.name(), sagaId)
                    .update();
            if (updated == 1) {
                events.append(sagaId, Event.EventKind.STATE, "", message, "");
            }
            return updated == 1;
        });
    }

    /**
     * Makes a pending redelivery due now.
     *
     * @return false if none is due
     */
    public boolean startNow(String sagaId) {
        return db.sql
                        .sql("UPDATE saga SET next_delivery_at = ? WHERE saga_id = ? AND redelivery = 'DUE'")
                        .params(db.now(), sagaId)
                        .update()
                == 1;
    }

    /** Records the message that delivers the document of this saga again. */
    public void sentAgain(String sagaId, String request) {
        db.sql
                .sql("UPDATE saga SET redelivery_request = ? WHERE saga_id = ?")
                .params(request, sagaId)
                .update();
    }

    /** The saga whose document this message delivers again. */
    public Optional<SagaRecord> sentAgain(String request) {
        return db.sql
                .sql("SELECT * FROM saga WHERE redelivery_request = ? ORDER BY saga_id DESC LIMIT 1")
                .param(request)
                .query(SagaRepository::saga)
                .optional();
    }

    /** All attempts to deliver the document of a saga, the first one first. */
    public List<SagaRecord> attempts(SagaRecord saga) {
        List<SagaRecord> attempts = db.sql
                .sql("SELECT * FROM saga WHERE delivery = ? ORDER BY attempt, saga_id")
                .param(saga.delivery().id())
                .query(SagaRepository::saga)
                .list();
        return attempts.isEmpty() ? List.of(saga) : attempts;
    }

    /** The newest attempt to deliver the document of a saga. */
    public SagaRecord latest(SagaRecord saga) {
        List<SagaRecord> attempts = attempts(saga);
        return attempts.get(attempts.size() - 1);
    }

    /** How many attempts a document has at most, as configured now. */
    public int maxAttempts() {
        return policy.max() + 1;
    }

    /** How long the sender of a message waits until it delivers the document again. */
    public Duration untilNext(SagaRecord saga) {
        Instant now = db.clock.instant();
        if (saga.delivery().isDue()) {
            Duration left = Duration.between(now, saga.delivery().next().orElse(now));
            return left.isNegative() ? Duration.ZERO : left;
        }
        // It is not known when the residue is gone: after twice the time that has passed.
        Duration passed = Duration.between(saga.finishedAt().orElse(now), now);
        return Duration.ofMillis(Math.min(
                Duration.ofHours(1).toMillis(), Math.max(policy.firstDelay().toMillis(), passed.toMillis())));
    }
}
