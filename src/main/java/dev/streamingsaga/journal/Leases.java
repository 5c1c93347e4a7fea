package dev.streamingsaga.journal;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Ownership of sagas: leases with a heartbeat, and the run number that fences off a former owner. */
final class Leases {
    private final JournalDatabase db;
    private final EventRows events;
    private final StateTransitions transitions;
    private final String node;

    Leases(JournalDatabase db, EventRows events, StateTransitions transitions, String node) {
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

    Instant end() {
        return Instant.ofEpochMilli(transitions.leaseEnd());
    }

    Set<String> renew(Collection<String> sagaIds) {
        return db.inTransaction(() -> sagaIds.stream()
                .filter(sagaId -> db.sql
                                .sql("UPDATE saga SET lease_until = ? WHERE saga_id = ? AND node = ? AND state NOT IN "
                                        + SagaRows.FINAL)
                                .params(endMillis(), sagaId, node)
                                .update()
                        == 1)
                .collect(Collectors.toSet()));
    }

    void requireOwned(String sagaId, int run) {
        transitions.requireUpdated(
                db.sql
                        .sql(
                                "UPDATE saga SET lease_until = ? WHERE saga_id = ? AND run = ? AND node = ? AND state NOT IN "
                                        + SagaRows.finalAnd("PAUSED", "COMPENSATING"))
                        .params(endMillis(), sagaId, run, node)
                        .update(),
                sagaId,
                run);
    }

    List<SagaRecord> stale(boolean lockHeld) {
        return db.sql
                .sql("SELECT * FROM saga WHERE (lease_until < ? OR (node <> ? AND ? = 1)) AND state NOT IN "
                        + SagaRows.finalAnd("PAUSED") + " ORDER BY saga_id")
                .params(db.now(), node, lockHeld ? 1 : 0)
                .query(SagaRows::saga)
                .list();
    }

    boolean handOver(String sagaId, int run) {
        return db.inTransaction(() -> {
            int released = db.sql
                    .sql(
                            "UPDATE saga SET node = '', run = run + 1, handovers = handovers + 1, lease_until = 0, updated_at = ?"
                                    + " WHERE saga_id = ? AND run = ? AND node = ? AND state NOT IN "
                                    + SagaRows.finalAnd("PAUSED", "COMPENSATING"))
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

    boolean takeOver(SagaRecord stale) {
        return db.sql
                        .sql(
                                "UPDATE saga SET node = ?, run = ?, lease_until = ? WHERE saga_id = ? AND run = ? AND node = ? AND state NOT IN "
                                        + SagaRows.FINAL)
                        .params(node, stale.nextRun(), endMillis(), stale.sagaId(), stale.run(), stale.node())
                        .update()
                == 1;
    }

    boolean resume(SagaRecord stale, Duration timeLimit) {
        return db.inTransaction(() -> {
            int run = stale.nextRun();
            int updated = db.sql
                    .sql("UPDATE saga SET node = ?, run = ?, state = 'RECEIVED', lease_until = ?, deadline_at = ?,"
                            + " updated_at = ?, wish = NULL WHERE saga_id = ? AND run = ? AND node = ? AND state NOT IN "
                            + SagaRows.finalAnd("COMPENSATING"))
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
