package dev.streamingsaga.journal;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Ownership of sagas: leases with a heartbeat, and the run number that fences off a former owner. */
public final class Leases {
    private final JournalDatabase db;
    private final EventRepository events;
    private final StateTransitions transitions;
    private final String node;

    Leases(JournalDatabase db, EventRepository events, StateTransitions transitions, String node) {
        this.db = db;
        this.events = events;
        this.transitions = transitions;
        this.node = node;
    }

    String node() {
        return node;
    }

    long endMillis() {
        return transitions.leaseEnd();
    }

    /** When a lease ends that is renewed now. */
    Instant end() {
        return Instant.ofEpochMilli(transitions.leaseEnd());
    }

    /**
     * Renews the leases of the sagas that this process works on. Call it well within the lease.
     *
     * @param sagaIds only sagas that this process really works on. A saga that it lost, for example because the journal
     *     could not be reached when it failed, must become stale so that it is found again
     * @return the sagas that this process still owns
     */
    public Set<String> renew(Collection<String> sagaIds) {
        return db.inTransaction(() -> sagaIds.stream()
                .filter(sagaId -> db.sql
                                .sql("UPDATE saga SET lease_until = ? WHERE saga_id = ? AND node = ? AND state NOT IN "
                                        + SagaRepository.FINAL)
                                .params(endMillis(), sagaId, node)
                                .update()
                        == 1)
                .collect(Collectors.toSet()));
    }

    /**
     * @throws SagaException if the run no longer owns the saga, or the saga was cancelled or paused; otherwise the
     *     lease is renewed
     */
    void requireOwned(String sagaId, int run) {
        transitions.requireUpdated(
                db.sql
                        .sql("UPDATE saga SET lease_until = ? WHERE saga_id = ? AND run = ? AND node = ?"
                                + " AND state NOT IN "
                                + SagaRepository.finalAnd("PAUSED", "COMPENSATING"))
                        .params(endMillis(), sagaId, run, node)
                        .update(),
                sagaId,
                run);
    }

    /**
     * Unfinished sagas without an owner: with {@code lockHeld} all sagas of other processes, otherwise those without a
     * heartbeat.
     */
    public List<SagaRecord> stale(boolean lockHeld) {
        return db.sql
                .sql("SELECT * FROM saga WHERE (lease_until < ? OR (node <> ? AND ? = 1)) AND state NOT IN "
                        + SagaRepository.FINAL + " AND state <> 'PAUSED' ORDER BY saga_id")
                .params(db.now(), node, lockHeld ? 1 : 0)
                .query(SagaRepository::saga)
                .list();
    }

    /**
     * Releases a saga of this process, under the next run number, for any process to take over. Nothing that this run
     * does afterwards affects the saga.
     *
     * @return false if the run does not own the saga, or the saga is paused, being compensated or final; nothing has
     *     changed then
     */
    boolean handOver(String sagaId, int run) {
        return db.inTransaction(() -> {
            int released = db.sql
                    .sql("UPDATE saga SET node = '', run = run + 1, handovers = handovers + 1, lease_until = 0,"
                            + " updated_at = ?"
                            + " WHERE saga_id = ? AND run = ? AND node = ? AND state NOT IN "
                            + SagaRepository.finalAnd("PAUSED", "COMPENSATING"))
                    .params(db.now(), sagaId, run, node)
                    .update();
            if (released == 1) {
                events.append(
                        sagaId,
                        Event.EventKind.STATE,
                        "",
                        "RELEASED after run " + run + ": its process stopped; the next start resumes it",
                        "");
            }
            return released == 1;
        });
    }

    /**
     * Takes over a stale saga under the next run number, which fences off its former owner.
     *
     * @return whether this process won it
     */
    public boolean takeOver(SagaRecord stale) {
        return db.sql
                        .sql("UPDATE saga SET node = ?, run = ?, lease_until = ? WHERE saga_id = ? AND run = ?"
                                + " AND node = ? AND state NOT IN "
                                + SagaRepository.FINAL)
                        .params(node, stale.nextRun(), endMillis(), stale.sagaId(), stale.run(), stale.node())
                        .update()
                == 1;
    }

    /**
     * Takes over a stale or paused saga for another attempt: the next run number, from the first step, with a new time
     * limit. The record of what earlier runs wrote is kept.
     *
     * @return whether this process won it
     */
    public boolean resume(SagaRecord stale, Duration timeLimit) {
        return db.inTransaction(() -> {
            int run = stale.nextRun();
            int updated = db.sql
                    .sql("UPDATE saga SET node = ?, run = ?, state = 'RECEIVED', lease_until = ?, deadline_at = ?,"
                            + " updated_at = ?, wish = NULL, waiting_for = NULL WHERE saga_id = ? AND run = ?"
                            + " AND node = ? AND state NOT IN "
                            + SagaRepository.finalAnd("COMPENSATING"))
                    .params(
                            node,
                            run,
                            endMillis(),
                            db.now() + timeLimit.toMillis(),
                            db.now(),
                            stale.sagaId(),
                            stale.run(),
                            stale.node())
                    .update();
            if (updated == 1) {
                events.append(
                        stale.sagaId(),
                        Event.EventKind.STATE,
                        "",
                        "RESUMED as run " + run + " from " + stale.state(),
                        "");
            }
            return updated == 1;
        });
    }
}
