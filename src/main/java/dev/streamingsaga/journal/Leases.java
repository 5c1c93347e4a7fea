package dev.streamingsaga.journal;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Ownership of sagas: leases with a heartbeat, and the run number that fences off a former owner. */
public final class Leases {
    /** Condition: the saga is none of those that this process leaves to others, or an operator has decided about it. */
    static final String NOT_LEFT = "(wish IS NOT NULL OR saga_id NOT IN (:left))";

    /** The inner query reads the index of unfinished sagas; the order alone would make it read all sagas. */
    static final String STALE = "SELECT * FROM saga WHERE saga_id IN (SELECT saga_id FROM saga"
            + " WHERE (lease_until < :now OR (node <> :node AND :locked = 1))"
            + " AND state NOT IN " + SagaRepository.FINAL + " AND state <> 'PAUSED' AND " + NOT_LEFT
            + " AND " + SagaFormat.KNOWN + ") ORDER BY saga_id";

    /**
     * Where the next run of a saga reads its source.
     *
     * @param host see {@link Origin#host}
     */
    public record SourceLocation(Path path, String host) {}

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
     * Unfinished sagas without an owner that this version can run: with {@code lockHeld} all sagas of other processes,
     * otherwise those without a heartbeat.
     */
    public List<SagaRecord> stale(boolean lockHeld) {
        return stale(lockHeld, List.of());
    }

    /**
     * As {@link #stale(boolean)}.
     *
     * @param left ids of sagas that this process leaves to others for now, unless there is a command for them
     */
    public List<SagaRecord> stale(boolean lockHeld, Collection<String> left) {
        return db.sql
                .sql(STALE)
                .param("now", db.now())
                .param("node", node)
                .param("locked", lockHeld ? 1 : 0)
                .param("left", left.isEmpty() ? List.of("") : left)
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
     * Ends the leases of this process's compensations, which it has interrupted: another process continues them now.
     */
    public void expireCompensations() {
        db.sql
                .sql("UPDATE saga SET lease_until = 0 WHERE node = ? AND state = 'COMPENSATING'")
                .param(node)
                .update();
    }

    /**
     * Takes over a stale saga under the next run number, which fences off its former owner.
     *
     * @return whether this process won it
     */
    public boolean takeOver(SagaRecord stale) {
        return db.sql
                        .sql("UPDATE saga SET node = ?, run = ?, lease_until = ? WHERE saga_id = ? AND run = ?"
                                + " AND node = ? AND " + SagaFormat.KNOWN + " AND state NOT IN "
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
        return resume(
                stale,
                timeLimit,
                new SourceLocation(stale.source(), stale.origin().host()));
    }

    /**
     * As {@link #resume(SagaRecord, Duration)}.
     *
     * @param source a place with the same bytes, which the next run reads
     */
    public boolean resume(SagaRecord stale, Duration timeLimit, SourceLocation source) {
        return db.inTransaction(() -> {
            boolean moved = !source.path().equals(stale.source());
            boolean won = continues(stale, timeLimit, new NextRun(node, endMillis(), source));
            if (won) {
                String copy = moved ? ", which reads another copy of the original" : "";
                appendState(stale, "RESUMED as run " + stale.nextRun() + " from " + stale.state() + copy);
            }
            return won;
        });
    }

    /**
     * Lets another process resume a paused saga, of which this one cannot read the source.
     *
     * @return false if the saga is not paused any more
     */
    public boolean offer(SagaRecord paused, Duration timeLimit) {
        SourceLocation source =
                new SourceLocation(paused.source(), paused.origin().host());
        return db.inTransaction(() -> {
            boolean offered =
                    paused.state() == SagaState.PAUSED && continues(paused, timeLimit, new NextRun("", 0, source));
            if (offered) {
                appendState(paused, "RELEASED after run " + paused.lastRun() + ": its host resumes it");
            }
            return offered;
        });
    }

    /** @param node empty: any process may begin the run */
    private record NextRun(String node, long leaseUntil, SourceLocation source) {}

    private boolean continues(SagaRecord stale, Duration timeLimit, NextRun next) {
        return db.sql
                        .sql("UPDATE saga SET node = ?, run = ?, state = 'RECEIVED', lease_until = ?, deadline_at = ?,"
                                + " updated_at = ?, source = ?, source_host = ?, wish = NULL, waiting_for = NULL"
                                + " WHERE saga_id = ? AND run = ? AND node = ? AND " + SagaFormat.KNOWN
                                + " AND state NOT IN " + SagaRepository.finalAnd("COMPENSATING"))
                        .params(
                                next.node(),
                                stale.nextRun(),
                                next.leaseUntil(),
                                db.now() + timeLimit.toMillis(),
                                db.now(),
                                next.source().path().toString(),
                                next.source().host(),
                                stale.sagaId(),
                                stale.run(),
                                stale.node())
                        .update()
                == 1;
    }

    private void appendState(SagaRecord saga, String message) {
        events.append(saga.sagaId(), Event.EventKind.STATE, "", message, "");
    }
}
