package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;

/**
 * The truth about every saga. Each method is one transaction, durable when it returns. Moves of state are conditional updates:
 * of two that compete, one wins, and a final state never changes but for PARTIALLY_COMPENSATED, which may become COMPENSATED.
 */
public final class Journal {
    private static final Duration LEASE = Duration.ofSeconds(30);

    private static final String FINAL = "('COMPLETED','COMPENSATED','PARTIALLY_COMPENSATED')";

    private final JournalDatabase db;
    private final String node;
    private final Duration lease;
    private final CleanupEntries cleanups;
    private final ChunkRows chunks;

    /** With a lease of 30 s. */
    public Journal(DataSource dataSource, Clock clock, String node) {
        this(dataSource, clock, node, LEASE);
    }

    /**
     * @param node names this process in leases
     * @param lease how long an owner that does not renew it keeps a saga
     */
    public Journal(DataSource dataSource, Clock clock, String node, Duration lease) {
        this.db = new JournalDatabase(dataSource, clock);
        this.node = node;
        this.lease = lease;
        this.cleanups = new CleanupEntries(db);
        this.chunks = new ChunkRows(db);
    }

    public CleanupEntries cleanups() {
        return cleanups;
    }

    ChunkRows chunkRows() {
        return chunks;
    }

    public Clock clock() {
        return db.clock;
    }

    /** Which journal this is: a random id, made at first need and never changed. */
    public String epoch() {
        return Epoch.of(db);
    }

    /** Either the new saga, or the unfinished one that already holds the source. */
    public record Received(SagaRecord saga, boolean isNew) {}

    /** Records a saga and its steps before anything is done for it, and claims its source. */
    public Received receive(NewSaga wanted) {
        String sagaId = Ids.next();
        String source = wanted.source().toString();
        return db.inTransaction(() -> {
            // Whoever held it may have let go between the two looks.
            while (!claim(source, sagaId) && wanted.exclusive()) {
                Optional<SagaRecord> holder = holder(source).flatMap(this::saga);
                if (holder.isPresent()) {
                    return new Received(holder.get(), false);
                }
            }
            long now = db.now();
            db.sql.sql("""
                    INSERT INTO saga (saga_id, state, run, node, lease_until, deadline_at, participants, source, file_name,
                                      owner, classification, key_id, received_at, updated_at)
                    VALUES (?, 'RECEIVED', 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""")
                    .params(sagaId, node, now + lease.toMillis(), now + wanted.timeLimit().toMillis(),
                            String.join(",", wanted.participants()), source, wanted.fileName(),
                            wanted.owner(), wanted.classification(), wanted.keyId(), now, now)
                    .update();
            List<String> steps = steps(wanted.participants());
            for (int i = 0; i < steps.size(); i++) {
                db.sql.sql("INSERT INTO step (saga_id, name, ordinal, state) VALUES (?, ?, ?, 'PENDING')")
                        .params(sagaId, steps.get(i), i).update();
            }
            event(sagaId, Event.Kind.STATE, "", "RECEIVED", "");
            return new Received(saga(sagaId).orElseThrow(), true);
        });
    }

    /** The nine steps of the seed, with the configured participants in the place of its four stores. */
    public static List<String> steps(List<String> participants) {
        return Stream.of(List.of("validate", "start", "upload", "verify"), participants, List.of("finalize"))
                .flatMap(List::stream).toList();
    }

    /** A conflict must not be an error: in PostgreSQL it would end the transaction. */
    private boolean claim(String source, String sagaId) {
        return db.sql.sql("INSERT INTO source_claim (source, saga_id, claimed_at) VALUES (?, ?, ?) ON CONFLICT (source) DO NOTHING")
                .params(source, sagaId, db.now()).update() == 1;
    }

    /** The unfinished saga that holds a source. */
    public Optional<String> holder(String source) {
        return db.sql.sql("SELECT saga_id FROM source_claim WHERE source = ?").param(source).query(String.class).optional();
    }

    /** Binds the saga's LRA to its run, so that callbacks of any other can be told apart. */
    public void bindLra(String sagaId, int run, String lraId) {
        fenced(db.sql.sql("UPDATE saga SET lra_id = ?, updated_at = ? WHERE saga_id = ? AND run = ?")
                .params(lraId, db.now(), sagaId, run).update(), sagaId, run);
    }

    /** Fixes what the saga is about; from here on its stores may be asked for it. */
    public void describe(String sagaId, int run, Document d) {
        fenced(db.sql.sql("""
                UPDATE saga SET document_id = ?, sha256 = ?, content_type = ?, size_bytes = ?, file_key = ?, modified_nanos = ?,
                       changed_nanos = ?, chunk_count = ?, chunk_size = ?, bucket = ?, key_prefix = ?, updated_at = ?
                WHERE saga_id = ? AND run = ? AND state NOT IN\s""" + FINAL)
                .params(d.documentId(), d.sha256(), d.contentType(), d.sizeBytes(), d.identity().fileKey(),
                        d.identity().modifiedNanos(), d.identity().changedNanos(), d.chunkCount(), d.chunkSizeBytes(), d.bucket(), d.keyPrefix(), db.now(),
                        sagaId, run)
                .update(), sagaId, run);
    }

    /**
     * Intent of a step, and the state that comes with it.
     *
     * @throws SagaException if the run is no longer the saga's, or the saga was called off
     */
    public void stepBegins(String sagaId, int run, String step, SagaState state) {
        db.inTransaction(() -> {
            SagaState now = state(sagaId);
            // Only resume moves a paused saga on, and that is another run.
            if (now == SagaState.PAUSED || !now.mayBecome(state)) {
                throw calledOff(sagaId);
            }
            fenced(move(sagaId, now, state, run), sagaId, run);
            mark(sagaId, step, StepState.WRITING, "started_at");
        });
    }

    /** Mark of a step. */
    public void stepEnds(String sagaId, int run, String step) {
        db.inTransaction(() -> {
            fenced(db.sql.sql("UPDATE saga SET updated_at = ? WHERE saga_id = ? AND run = ? AND state NOT IN ('COMPENSATING',"
                    + FINAL.substring(1)).params(db.now(), sagaId, run).update(), sagaId, run);
            mark(sagaId, step, StepState.WRITTEN, "finished_at");
        });
    }

    private void mark(String sagaId, String step, StepState state, String time) {
        db.sql.sql("UPDATE step SET state = ?, " + time + " = ? WHERE saga_id = ? AND name = ?")
                .params(state.name(), db.now(), sagaId, step).update();
    }

    /** Progress of a compensation, step by step. */
    public void stepCompensation(String sagaId, int run, String step, StepState state) {
        db.inTransaction(() -> {
            owned(sagaId, run);
            db.sql.sql("UPDATE step SET state = ? WHERE saga_id = ? AND name = ?").params(state.name(), sagaId, step).update();
        });
    }

    /**
     * What an attempt to undo a step left: open clean-up entries. Those of the step that are not among {@code left} are DONE, and
     * with the last one PARTIALLY_COMPENSATED becomes COMPENSATED.
     */
    public void stepUndone(SagaRecord saga, String step, List<CleanupEntries.Residue> left, CleanupEntries.RetryPolicy policy) {
        Set<String> stillThere = left.stream().map(CleanupEntries.Residue::resource).collect(Collectors.toSet());
        db.inTransaction(() -> {
            stepCompensation(saga.sagaId(), saga.run(), step, left.isEmpty() ? StepState.COMPENSATED : StepState.RESIDUE);
            left.forEach(residue -> cleanups.record(saga.sagaId(), step, residue, policy));
            cleanups.of(saga.sagaId()).stream()
                    .filter(e -> e.step().equals(step) && e.state().isOpen() && !stillThere.contains(e.resource()))
                    .forEach(e -> cleanups.done(e.cleanupId()));
            settle(saga.sagaId());
        });
    }

    /** One residue more than the attempt to undo the step found. */
    public void residue(SagaRecord saga, String step, CleanupEntries.Residue residue, CleanupEntries.RetryPolicy policy) {
        db.inTransaction(() -> {
            stepCompensation(saga.sagaId(), saga.run(), step, StepState.RESIDUE);
            cleanups.record(saga.sagaId(), step, residue, policy);
        });
    }

    /** A person closes an entry; with the last one PARTIALLY_COMPENSATED becomes COMPENSATED. */
    public void resolve(CleanupEntry entry, String why) {
        db.inTransaction(() -> {
            cleanups.resolved(entry.cleanupId(), why);
            settle(entry.sagaId());
        });
    }

    private void settle(String sagaId) {
        SagaRecord saga = saga(sagaId).orElseThrow();
        if (saga.state() == SagaState.PARTIALLY_COMPENSATED) {
            finishCompensation(sagaId, saga.run());
        }
    }

    /** Also makes whoever wants to take the saga over wait for this transaction. */
    private void owned(String sagaId, int run) {
        fenced(db.sql.sql("UPDATE saga SET updated_at = ? WHERE saga_id = ? AND run = ?").params(db.now(), sagaId, run).update(), sagaId, run);
    }

    /**
     * The decision that the saga completed: only with every step written. From here on it is final, whatever arrives later.
     *
     * @return whether this call, or an earlier one, decided so
     */
    public boolean complete(String sagaId, int run) {
        return db.inTransaction(() -> {
            long now = db.now();
            int won = db.sql.sql("UPDATE saga SET state = 'COMPLETED', finished_at = ?, updated_at = ?"
                    + " WHERE saga_id = ? AND run = ? AND state = 'COMPLETING' AND NOT EXISTS"
                    + " (SELECT 1 FROM step WHERE step.saga_id = saga.saga_id AND step.state NOT IN ('WRITTEN','SKIPPED'))")
                    .params(now, now, sagaId, run).update();
            if (won == 1) {
                release(sagaId);
                event(sagaId, Event.Kind.STATE, "", "COMPLETED", "");
            }
            return won == 1 || state(sagaId) == SagaState.COMPLETED;
        });
    }

    /** All stores have turned the document visible. */
    public void published(String sagaId) {
        db.sql.sql("UPDATE saga SET published_at = ? WHERE saga_id = ?").params(db.now(), sagaId).update();
    }

    /**
     * The decision that the saga is to be undone.
     *
     * @return false if it is final already, or another run's; nothing changed then
     */
    public boolean beginCompensation(String sagaId, int run, Reason reason, String message) {
        return db.inTransaction(() -> {
            int won = db.sql.sql("UPDATE saga SET state = 'COMPENSATING', reason = ?, message = ?, updated_at = ?, lease_until = ?"
                    + " WHERE saga_id = ? AND run = ? AND state NOT IN ('COMPENSATING'," + FINAL.substring(1))
                    .params(reason.name(), message, db.now(), db.now() + lease.toMillis(), sagaId, run).update();
            if (won == 1) {
                event(sagaId, Event.Kind.STATE, "", SagaState.COMPENSATING.name(), "");
                event(sagaId, Event.Kind.ERROR, "", message, "");
                return true;
            }
            SagaRecord now = saga(sagaId).orElseThrow();
            return now.state() == SagaState.COMPENSATING && now.run() == run;
        });
    }

    /**
     * The end of a compensation: PARTIALLY_COMPENSATED while clean-up entries are open.
     *
     * @return the saga's state, whatever it was decided by
     */
    public SagaState finishCompensation(String sagaId, int run) {
        return db.inTransaction(() -> {
            owned(sagaId, run);
            SagaState now = state(sagaId);
            SagaState outcome = cleanups.open(sagaId) == 0 ? SagaState.COMPENSATED : SagaState.PARTIALLY_COMPENSATED;
            if (now == outcome || move(sagaId, now, outcome, run) == 0) {
                return now;
            }
            db.sql.sql("UPDATE saga SET finished_at = ? WHERE saga_id = ? AND finished_at IS NULL").params(db.now(), sagaId).update();
            release(sagaId);
            return outcome;
        });
    }

    /**
     * Keeps what this process works on from looking stale; to be called well within the lease.
     *
     * @param sagaIds what it really works on: one that it lost, say because the journal was away when it failed, is to be found again
     * @return those that are still ours
     */
    public Set<String> renewLeases(Collection<String> sagaIds) {
        return db.inTransaction(() -> sagaIds.stream()
                .filter(sagaId -> db.sql.sql("UPDATE saga SET lease_until = ? WHERE saga_id = ? AND node = ? AND state NOT IN " + FINAL)
                        .params(db.now() + lease.toMillis(), sagaId, node).update() == 1)
                .collect(Collectors.toSet()));
    }

    /** Until when what is renewed now is ours. */
    Instant leaseEnd() {
        return db.clock.instant().plus(lease);
    }

    /** @throws SagaException if the saga is no longer this run's, or was called off; renews the lease otherwise */
    void requireOwned(String sagaId, int run) {
        fenced(db.sql.sql("UPDATE saga SET lease_until = ? WHERE saga_id = ? AND run = ? AND node = ? AND state NOT IN ('PAUSED','COMPENSATING',"
                + FINAL.substring(1)).params(db.now() + lease.toMillis(), sagaId, run, node).update(), sagaId, run);
    }

    /** Unfinished sagas whose owner is gone: all that other processes held before this one, if {@code lockHeld}; else those without a heartbeat. */
    public List<SagaRecord> stale(boolean lockHeld) {
        return db.sql.sql("SELECT * FROM saga WHERE (lease_until < ? OR (node <> ? AND ? = 1)) AND state NOT IN ('PAUSED',"
                + FINAL.substring(1) + " ORDER BY saga_id").params(db.now(), node, lockHeld ? 1 : 0).query(Journal::saga).list();
    }

    /**
     * Takes a stale saga over under the next run number; whoever held it before is fenced off.
     *
     * @return whether this process won it
     */
    public boolean takeOver(SagaRecord stale) {
        return db.sql.sql("UPDATE saga SET node = ?, run = run + 1, lease_until = ? WHERE saga_id = ? AND run = ? AND state NOT IN " + FINAL)
                .params(node, db.now() + lease.toMillis(), stale.sagaId(), stale.run()).update() == 1;
    }

    /**
     * Takes a stale or paused saga over for another attempt: the next run number, from the first step, with a new time limit. What
     * earlier runs wrote stays on record.
     *
     * @return whether this process won it
     */
    public boolean resume(SagaRecord stale, Duration timeLimit) {
        return db.inTransaction(() -> {
            int won = db.sql.sql("UPDATE saga SET node = ?, run = run + 1, state = 'RECEIVED', lease_until = ?, deadline_at = ?,"
                    + " updated_at = ?, wish = NULL WHERE saga_id = ? AND run = ? AND state NOT IN ('COMPENSATING'," + FINAL.substring(1))
                    .params(node, db.now() + lease.toMillis(), db.now() + timeLimit.toMillis(), db.now(), stale.sagaId(), stale.run())
                    .update();
            if (won == 1) {
                event(stale.sagaId(), Event.Kind.STATE, "", "RESUMED as run " + (stale.run() + 1) + " from " + stale.state(), "");
            }
            return won == 1;
        });
    }

    /** Stops a saga without undoing anything; only resume or cancel move it on. */
    public boolean pause(String sagaId) {
        return db.inTransaction(() -> {
            int won = db.sql.sql("UPDATE saga SET state = 'PAUSED', updated_at = ?"
                    + " WHERE saga_id = ? AND state NOT IN ('PAUSED','COMPENSATING'," + FINAL.substring(1)).params(db.now(), sagaId).update();
            db.sql.sql("UPDATE saga SET wish = NULL WHERE saga_id = ?").param(sagaId).update();
            if (won == 1) {
                event(sagaId, Event.Kind.STATE, "", SagaState.PAUSED.name(), "");
            }
            return won == 1;
        });
    }

    /** What a person wants of a saga that some process owns; that process hears of it within a second or so. */
    public enum Wish { CANCEL, PAUSE, RESUME }

    public void wish(String sagaId, Wish wish) {
        db.sql.sql("UPDATE saga SET wish = ? WHERE saga_id = ? AND state NOT IN " + FINAL).params(wish.name(), sagaId).update();
    }

    public void forgetWish(String sagaId) {
        db.sql.sql("UPDATE saga SET wish = NULL WHERE saga_id = ?").param(sagaId).update();
    }

    public Optional<Wish> wish(String sagaId) {
        return db.sql.sql("SELECT wish FROM saga WHERE saga_id = ? AND wish IS NOT NULL").param(sagaId).query(String.class).optional().map(Wish::valueOf);
    }

    /** Sagas with a wish that this process has to see to: its own, and paused ones, which nobody runs. */
    public Map<SagaRecord, Wish> wishes() {
        Map<SagaRecord, Wish> wishes = new LinkedHashMap<>();
        db.sql.sql("SELECT * FROM saga WHERE wish IS NOT NULL AND (node = ? OR state = 'PAUSED') AND state NOT IN " + FINAL + " ORDER BY saga_id")
                .param(node).query((row, n) -> wishes.put(saga(row, n), Wish.valueOf(row.getString("wish")))).list();
        return wishes;
    }

    /** Counts bytes of chunks that an earlier run sent and the bucket confirmed. */
    void addResumedBytes(String sagaId, int run, long bytes) {
        db.sql.sql("UPDATE saga SET resumed_bytes = resumed_bytes + ? WHERE saga_id = ? AND run = ?").params(bytes, sagaId, run).update();
    }

    /** The newer version is visible: the older one is history, its data is being removed. */
    public void supersede(String sagaId, String bySagaId) {
        db.sql.sql("UPDATE saga SET superseded_by = ? WHERE saga_id = ? AND superseded_by IS NULL").params(bySagaId, sagaId).update();
    }

    private int move(String sagaId, SagaState from, SagaState to, int run) {
        if (!from.mayBecome(to)) {
            return 0;
        }
        int moved = db.sql.sql("UPDATE saga SET state = ?, updated_at = ?, lease_until = ?"
                + " WHERE saga_id = ? AND state = ? AND run = ?")
                .params(to.name(), db.now(), db.now() + lease.toMillis(), sagaId, from.name(), run).update();
        if (moved == 1 && from != to) {
            event(sagaId, Event.Kind.STATE, "", to.name(), "");
        }
        return moved;
    }

    private void release(String sagaId) {
        db.sql.sql("DELETE FROM source_claim WHERE saga_id = ?").param(sagaId).update();
    }

    private void fenced(int updated, String sagaId, int run) {
        if (updated != 1) {
            SagaRecord saga = saga(sagaId).orElseThrow(() -> new IllegalStateException("no saga " + sagaId));
            throw saga.run() == run ? calledOff(sagaId) : new SagaException(Reason.CANCELLED,
                    "run " + run + " of saga " + sagaId + " was taken over by run " + saga.run() + "; it stops here");
        }
    }

    private SagaException calledOff(String sagaId) {
        SagaRecord saga = saga(sagaId).orElseThrow(() -> new IllegalStateException("no saga " + sagaId));
        return new SagaException(saga.reason().orElse(Reason.CANCELLED), "saga " + sagaId + " is " + saga.state() + "; the step stops here");
    }

    /** Appends to the saga's history. */
    public void event(String sagaId, Event.Kind kind, String step, String message, String detail) {
        db.sql.sql("INSERT INTO event (event_id, saga_id, at, kind, step, message, detail) VALUES (?, ?, ?, ?, ?, ?, ?)")
                .params(Ids.next(), sagaId, db.now(), kind.name(), step, message, detail).update();
    }

    public List<Event> events(String sagaId) {
        return db.sql.sql("SELECT * FROM event WHERE saga_id = ? ORDER BY event_id").param(sagaId).query(Journal::event).list();
    }

    /** All events of a kind, oldest first. */
    public List<Event> events(Event.Kind kind) {
        return db.sql.sql("SELECT * FROM event WHERE kind = ? ORDER BY event_id").param(kind.name()).query(Journal::event).list();
    }

    private static Event event(ResultSet row, int n) throws SQLException {
        return new Event(row.getString("event_id"), row.getString("saga_id"), Instant.ofEpochMilli(row.getLong("at")),
                Event.Kind.valueOf(row.getString("kind")), text(row, "step"), row.getString("message"), text(row, "detail"));
    }

    private SagaState state(String sagaId) {
        return SagaState.valueOf(db.sql.sql("SELECT state FROM saga WHERE saga_id = ?").param(sagaId).query(String.class).single());
    }

    public Optional<SagaRecord> saga(String sagaId) {
        return db.sql.sql("SELECT * FROM saga WHERE saga_id = ?").param(sagaId).query(Journal::saga).optional();
    }

    /** Newest first. */
    public List<SagaRecord> sagas(int limit) {
        return db.sql.sql("SELECT * FROM saga ORDER BY saga_id DESC LIMIT ?").param(limit).query(Journal::saga).list();
    }

    /**
     * Newest first, of these states only.
     *
     * @param before only sagas received before this one; empty: from the newest on
     */
    public List<SagaRecord> sagas(Collection<SagaState> states, String before, int limit) {
        return db.sql.sql("SELECT * FROM saga WHERE state IN (:states) AND (:before = '' OR saga_id < :before) ORDER BY saga_id DESC LIMIT :limit")
                .param("states", states.stream().map(SagaState::name).toList()).param("before", before).param("limit", limit)
                .query(Journal::saga).list();
    }

    /** Everything that has no outcome yet, and every COMPLETED saga whose document is not visible everywhere yet; oldest first. */
    public List<SagaRecord> unfinished() {
        return db.sql.sql("SELECT * FROM saga WHERE state NOT IN " + FINAL
                + " OR (state = 'COMPLETED' AND published_at IS NULL AND superseded_by IS NULL) ORDER BY saga_id").query(Journal::saga).list();
    }

    /** The newest completed saga of a document. */
    public Optional<SagaRecord> document(String documentId) {
        return completed(documentId).stream().findFirst();
    }

    /** Completed sagas of a document that no newer one superseded, newest first. */
    public List<SagaRecord> completed(String documentId) {
        return db.sql.sql("SELECT * FROM saga WHERE document_id = ? AND state = 'COMPLETED' AND superseded_by IS NULL"
                + " ORDER BY saga_id DESC").param(documentId).query(Journal::saga).list();
    }

    /** Compensated sagas with a chunk whose last attempt was never answered, ended before {@code limit}: a late write may have arrived since. */
    public List<SagaRecord> unanswered(Instant limit) {
        return db.sql.sql("SELECT * FROM saga WHERE state = 'COMPENSATED' AND finished_at <= ? AND EXISTS (SELECT 1 FROM chunk"
                + " WHERE chunk.saga_id = saga.saga_id AND chunk.state = 'SENDING') ORDER BY saga_id")
                .param(limit.toEpochMilli()).query(Journal::saga).list();
    }

    /** The bucket was asked again after the last attempt can have arrived. */
    public void answered(String sagaId) {
        chunks.settle(sagaId);
    }

    /** All completed documents that are current, oldest first. */
    public List<SagaRecord> currentDocuments() {
        return db.sql.sql("SELECT * FROM saga WHERE state = 'COMPLETED' AND superseded_by IS NULL ORDER BY saga_id")
                .query(Journal::saga).list();
    }

    /** Completed documents from a source with this size: candidates for "the same content again". */
    public boolean mayBeDuplicate(String source, long sizeBytes) {
        return db.sql.sql("SELECT count(*) FROM saga WHERE source = ? AND size_bytes = ? AND state = 'COMPLETED'"
                + " AND superseded_by IS NULL").params(source, sizeBytes).query(Long.class).single() > 0;
    }

    public List<StepRecord> steps(String sagaId) {
        return db.sql.sql("SELECT * FROM step WHERE saga_id = ? ORDER BY ordinal").param(sagaId).query((row, n) ->
                new StepRecord(row.getString("name"), row.getInt("ordinal"), StepState.valueOf(row.getString("state")),
                        time(row, "started_at"), time(row, "finished_at"))).list();
    }

    /** How many of the saga's chunks are in each state, and how many bytes; damaged rows count too. */
    public Map<ChunkRow.State, ChunkTally> chunkTally(String sagaId) {
        return chunks.tally(sagaId);
    }

    /** Chunks that the bucket confirmed so far. */
    public int chunksSent(String sagaId) {
        return chunks.sent(sagaId);
    }

    /** Object keys of the saga's chunks, damaged rows included: for the compensation, which deletes what any source names. */
    public List<String> chunkKeys(String sagaId) {
        return chunks.keys(sagaId);
    }

    /**
     * The saga's chunks by index.
     *
     * @throws SagaException METADATA_CORRUPT if a row is damaged
     */
    public List<ChunkRow> chunks(String sagaId) {
        return chunks.all(sagaId);
    }

    private static SagaRecord saga(ResultSet row, int n) throws SQLException {
        return new SagaRecord(
                row.getString("saga_id"),
                SagaState.valueOf(row.getString("state")),
                Optional.ofNullable(row.getString("reason")).map(Reason::valueOf),
                text(row, "message"),
                row.getInt("run"),
                Optional.ofNullable(row.getString("lra_id")),
                Instant.ofEpochMilli(row.getLong("deadline_at")),
                new ArrayList<>(Arrays.asList(row.getString("participants").split(","))).stream().filter(s -> !s.isEmpty()).toList(),
                java.nio.file.Path.of(row.getString("source")),
                row.getString("file_name"),
                document(row),
                row.getLong("resumed_bytes"),
                Instant.ofEpochMilli(row.getLong("received_at")),
                Instant.ofEpochMilli(row.getLong("updated_at")),
                time(row, "finished_at"),
                time(row, "published_at").isPresent(),
                Optional.ofNullable(row.getString("superseded_by")));
    }

    private static Optional<Document> document(ResultSet row) throws SQLException {
        String documentId = row.getString("document_id");
        return documentId == null ? Optional.empty() : Optional.of(new Document(
                documentId,
                row.getString("saga_id"),
                java.nio.file.Path.of(row.getString("source")),
                row.getString("file_name"),
                row.getString("content_type"),
                row.getLong("size_bytes"),
                row.getString("sha256"),
                row.getInt("chunk_count"),
                row.getLong("chunk_size"),
                row.getString("bucket"),
                row.getString("key_prefix"),
                row.getString("owner"),
                row.getString("classification"),
                row.getString("key_id"),
                Instant.ofEpochMilli(row.getLong("received_at")),
                new SourceIdentity(row.getString("file_key"), row.getLong("size_bytes"), row.getLong("modified_nanos"),
                        row.getLong("changed_nanos"))));
    }

    private static Optional<Instant> time(ResultSet row, String column) throws SQLException {
        return JournalDatabase.instant(row.getLong(column), row.wasNull());
    }

    private static String text(ResultSet row, String column) throws SQLException {
        String value = row.getString(column);
        return value == null ? "" : value;
    }
}
