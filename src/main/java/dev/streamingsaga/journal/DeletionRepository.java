package dev.streamingsaga.journal;

import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.journal.CleanupRepository.RetryPolicy;
import dev.streamingsaga.journal.Deletion.DeletedVersion;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Deletions of documents. From the transaction that records one, the journal names the document to nobody any more, and
 * no publication of it is due. A deletion never ends without a tombstone and is never undone; a document with the same
 * content that is stored afterwards is another one, even if it has the same id.
 */
public final class DeletionRepository {
    /** Deletions that {@link #due} returns at most. */
    public static final int MAX_DUE = 100;

    /** Condition: the saga's document may be named and served. */
    static final String NOT_DELETED = "deletion_id IS NULL";

    /** As the condition of its index. */
    static final String UNFINISHED = "state NOT IN ('DELETED','PARTIALLY_DELETED')";

    static final String DUE = UNFINISHED + " AND next_attempt_at <= :now AND (lease_until < :now OR node = :node)";

    private final JournalDatabase db;
    private final SagaRepository sagas;
    private final EventRepository events;
    private final CleanupRepository cleanups;
    private final Leases leases;

    DeletionRepository(
            JournalDatabase db,
            SagaRepository sagas,
            EventRepository events,
            CleanupRepository cleanups,
            Leases leases) {
        this.db = db;
        this.sagas = sagas;
        this.events = events;
        this.cleanups = cleanups;
        this.leases = leases;
    }

    /**
     * What to delete, and why.
     *
     * @param sagaId the only version to delete; empty: all versions
     */
    public record NewDeletion(String documentId, Optional<String> sagaId, String reason, String requestedBy) {}

    /** Why a document is not deleted. */
    public enum Refusal {
        /** There is no such completed document or version, and there was none that was deleted. */
        UNKNOWN,
        /** A saga of the document has no outcome yet; the detail is its id. */
        UNFINISHED,
        /** Something forbids it; the detail says what. */
        FORBIDDEN
    }

    /**
     * The answer to a request.
     *
     * @param deletion the new deletion, or the one that was requested before
     * @param isNew whether this call recorded it
     * @param refusal why nothing was recorded
     * @param detail of the refusal; empty otherwise
     */
    public record Answer(Optional<Deletion> deletion, boolean isNew, Optional<Refusal> refusal, String detail) {
        static Answer refused(Refusal refusal, String detail) {
            return new Answer(Optional.empty(), false, Optional.of(refusal), detail);
        }

        static Answer of(Deletion deletion, boolean isNew) {
            return new Answer(Optional.of(deletion), isNew, Optional.empty(), "");
        }
    }

    /**
     * Records a deletion, which hides the document at once. A document that is deleted already is answered with its
     * deletion.
     *
     * @param veto why a version must not be deleted; asked in the transaction, for each version
     */
    public Answer request(NewDeletion request, Function<SagaRecord, Optional<String>> veto) {
        return db.inTransaction(() -> {
            db.lock("deletion " + request.documentId());
            List<SagaRecord> versions = stored(request);
            if (versions.isEmpty()) {
                return former(request)
                        .map(deletion -> Answer.of(deletion, false))
                        .orElseGet(() -> Answer.refused(Refusal.UNKNOWN, ""));
            }
            VersionRepository.lock(db, versions);
            LegalHoldRepository.lock(db);
            return unfinished(request)
                    .map(sagaId -> Answer.refused(Refusal.UNFINISHED, sagaId))
                    .or(() -> versions.stream()
                            .map(veto)
                            .flatMap(Optional::stream)
                            .findFirst()
                            .map(reason -> Answer.refused(Refusal.FORBIDDEN, reason)))
                    .orElseGet(() -> Answer.of(insert(request, versions), true));
        });
    }

    /** Newest first; also versions that a newer one has superseded, since they may have left residue. */
    private List<SagaRecord> stored(NewDeletion request) {
        List<SagaRecord> versions = db.sql
                .sql("SELECT * FROM saga WHERE document_id = ? AND state = 'COMPLETED' AND " + NOT_DELETED
                        + " ORDER BY saga_id DESC")
                .param(request.documentId())
                .query(SagaRepository::saga)
                .list();
        return request.sagaId()
                .map(only -> versions.stream()
                        .filter(version -> version.sagaId().equals(only))
                        .toList())
                .orElse(versions);
    }

    private Optional<Deletion> former(NewDeletion request) {
        return request.sagaId().isPresent()
                ? ofSaga(request.sagaId().get())
                        .filter(deletion -> deletion.documentId().equals(request.documentId()))
                : ofDocument(request.documentId());
    }

    /** A version that is being stored does not hinder the deletion of another one. */
    private Optional<String> unfinished(NewDeletion request) {
        return request.sagaId().isPresent()
                ? Optional.empty()
                : db.sql
                        .sql("SELECT saga_id FROM saga WHERE saga_id IN (SELECT saga_id FROM saga WHERE document_id = ?"
                                + " UNION SELECT saga_id FROM document_version WHERE document_id = ? AND number > 0)"
                                + " AND state NOT IN " + SagaRepository.FINAL + " ORDER BY saga_id LIMIT 1")
                        .params(request.documentId(), request.documentId())
                        .query(String.class)
                        .optional();
    }

    private Deletion insert(NewDeletion request, List<SagaRecord> versions) {
        String id = Ids.next();
        long now = db.now();
        Document newest = versions.get(0).document().orElseThrow();
        db.sql
                .sql("INSERT INTO deletion (deletion_id, document_id, file_name, sha256, size_bytes, reason,"
                        + " requested_by, requested_at, state, node, run, lease_until, attempts, next_attempt_at,"
                        + " last_error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'REQUESTED', '', 0, 0, 0, ?, '')")
                .params(id, request.documentId(), newest.fileName(), newest.sha256(), newest.sizeBytes())
                .params(request.reason(), request.requestedBy(), now, now)
                .update();
        for (SagaRecord version : versions) {
            insert(id, version.document().orElseThrow());
            // Nothing is left to publish, whoever is just about to do it.
            db.sql
                    .sql("UPDATE saga SET deletion_id = ?, published_at = COALESCE(published_at, ?), updated_at = ?"
                            + " WHERE saga_id = ?")
                    .params(id, now, now, version.sagaId())
                    .update();
            append(version.sagaId(), "DELETION REQUESTED by " + request.requestedBy() + ": " + request.reason());
        }
        leaveChain(id, request);
        return find(id).orElseThrow();
    }

    /** No deleted version is current, kept or being replaced. With all of them deleted, the next one is the first. */
    private void leaveChain(String deletionId, NewDeletion request) {
        db.sql
                .sql("UPDATE document_version SET state = 'REMOVED' WHERE saga_id IN"
                        + " (SELECT saga_id FROM deleted_version WHERE deletion_id = ?)")
                .param(deletionId)
                .update();
        if (request.sagaId().isEmpty()) {
            db.sql
                    .sql("UPDATE document_version SET number = 0 WHERE document_id = ? AND number > 0 AND state ="
                            + " 'REMOVED' AND EXISTS (SELECT 1 FROM saga WHERE saga.saga_id = document_version.saga_id"
                            + " AND deletion_id IS NOT NULL)")
                    .param(request.documentId())
                    .update();
        }
    }

    private void insert(String deletionId, Document version) {
        db.sql
                .sql("INSERT INTO deleted_version (saga_id, deletion_id, sha256, size_bytes, chunk_count,"
                        + " chunks_sha256) VALUES (?, ?, ?, ?, ?, ?)")
                .params(version.sagaId(), deletionId, version.sha256(), version.sizeBytes(), version.chunkCount())
                .param(chunksSha256(version.sagaId()))
                .update();
    }

    /** Without the check of each row: damaged rows must not prevent a deletion. */
    private String chunksSha256(String sagaId) {
        return Sha256.of(String.join(
                "",
                db.sql
                        .sql("SELECT COALESCE(stored_sha256, sha256) FROM chunk WHERE saga_id = ? ORDER BY idx")
                        .param(sagaId)
                        .query(String.class)
                        .list()));
    }

    private void append(String sagaId, String message) {
        events.append(sagaId, Event.EventKind.STATE, "", message, "");
    }

    public Optional<Deletion> find(String deletionId) {
        return select("deletion_id = ?", deletionId);
    }

    /** The newest deletion of a document. The document may have been stored again since. */
    public Optional<Deletion> ofDocument(String documentId) {
        return select("document_id = ? ORDER BY deletion_id DESC LIMIT 1", documentId);
    }

    /** The deletion of what a saga stored. */
    public Optional<Deletion> ofSaga(String sagaId) {
        return select("deletion_id = (SELECT deletion_id FROM deleted_version WHERE saga_id = ?)", sagaId);
    }

    private Optional<Deletion> select(String condition, String value) {
        return db.sql
                .sql("SELECT * FROM deletion WHERE " + condition)
                .param(value)
                .query(DeletionRepository::deletion)
                .optional()
                .map(this::withVersions);
    }

    /** Whether what the saga stored is deleted, or is being deleted. */
    public boolean contains(String sagaId) {
        return !states(List.of(sagaId)).isEmpty();
    }

    /** The state of the deletions of these sagas; a saga that is not deleted is absent. */
    public Map<String, DeletionState> states(Collection<String> sagaIds) {
        Map<String, DeletionState> states = new HashMap<>();
        if (!sagaIds.isEmpty()) {
            db.sql
                    .sql("SELECT v.saga_id, d.state FROM deleted_version v JOIN deletion d"
                            + " ON d.deletion_id = v.deletion_id WHERE v.saga_id IN (:ids)")
                    .param("ids", sagaIds)
                    .query((row, n) ->
                            states.put(row.getString("saga_id"), DeletionState.valueOf(row.getString("state"))))
                    .list();
        }
        return states;
    }

    /** The newest deletions, newest first. */
    public List<Deletion> newest(int limit) {
        return db
                .sql
                .sql("SELECT * FROM deletion ORDER BY deletion_id DESC LIMIT ?")
                .param(limit)
                .query(DeletionRepository::deletion)
                .list()
                .stream()
                .map(this::withVersions)
                .toList();
    }

    /** How many deletions are in each state; a state without any is absent. */
    public Map<DeletionState, Long> counts() {
        Map<DeletionState, Long> counts = new EnumMap<>(DeletionState.class);
        db.sql
                .sql("SELECT state, count(*) AS n FROM deletion GROUP BY state")
                .query((row, n) -> counts.put(DeletionState.valueOf(row.getString("state")), row.getLong("n")))
                .list();
        return counts;
    }

    /** Deletions that this process may continue now, oldest first; {@value #MAX_DUE} at most. */
    public List<Deletion> due() {
        return db
                .sql
                .sql("SELECT * FROM deletion WHERE " + DUE + " ORDER BY deletion_id LIMIT " + MAX_DUE)
                .param("now", db.now())
                .param("node", leases.node())
                .query(DeletionRepository::deletion)
                .list()
                .stream()
                .map(this::withVersions)
                .toList();
    }

    /**
     * Takes a due deletion over under the next run number, which fences off who drove it before.
     *
     * @param limit how long one piece of the work takes at most
     * @return the deletion as it is now; empty if another process was faster, or nothing is due
     */
    public Optional<Deletion> takeOver(String deletionId, Duration limit) {
        int won = db.sql
                .sql("UPDATE deletion SET node = :node, run = run + 1, lease_until = :until WHERE deletion_id = :id"
                        + " AND " + DUE)
                .param("node", leases.node())
                .param("until", leases.endMillis() + limit.toMillis())
                .param("id", deletionId)
                .param("now", db.now())
                .update();
        return won == 1 ? find(deletionId) : Optional.empty();
    }

    /**
     * Confirms before each piece of the work that this run still drives the deletion, and renews its lease.
     *
     * @throws SagaException CANCELLED if another run has taken over
     */
    public void confirm(Deletion deletion, Duration limit) {
        requireUpdated(
                deletion,
                db.sql
                        .sql("UPDATE deletion SET lease_until = ? WHERE deletion_id = ? AND run = ? AND node = ?")
                        .params(
                                leases.endMillis() + limit.toMillis(),
                                deletion.deletionId(),
                                deletion.run(),
                                leases.node())
                        .update());
    }

    /** Lets any process continue at once. */
    public void release(Deletion deletion) {
        db.sql
                .sql("UPDATE deletion SET lease_until = 0 WHERE deletion_id = ? AND run = ?")
                .params(deletion.deletionId(), deletion.run())
                .update();
    }

    /** Ends the leases of all other nodes. Only for a process that knows that no other one is running. */
    public void expireOthers() {
        db.sql
                .sql("UPDATE deletion SET lease_until = 0 WHERE node <> ? AND " + UNFINISHED)
                .param(leases.node())
                .update();
    }

    private static void requireUpdated(Deletion deletion, int updated) {
        if (updated != 1) {
            throw new SagaException(
                    Reason.CANCELLED,
                    "run " + deletion.run() + " of deletion " + deletion.deletionId()
                            + " was taken over by a later one; it stops here");
        }
    }

    /** Records that an attempt failed; the next one is due after a growing delay. Any process may do it. */
    public void failed(Deletion deletion, String error, RetryPolicy policy) {
        db.inTransaction(() -> {
            requireUpdated(
                    deletion,
                    db.sql
                            .sql("UPDATE deletion SET attempts = attempts + 1, last_error = ?, next_attempt_at = ?,"
                                    + " lease_until = 0 WHERE deletion_id = ? AND run = ?")
                            .params(
                                    error,
                                    db.now() + policy.delayMillis(deletion.attempts() + 1),
                                    deletion.deletionId(),
                                    deletion.run())
                            .update());
            deletion.versions()
                    .forEach(version ->
                            events.append(version.sagaId(), Event.EventKind.COMPENSATION_ERROR, "", error, ""));
        });
    }

    /** Records that the data key of a saga is gone. Changes nothing if none of its chunks was encrypted. */
    public void keyDestroyed(String sagaId) {
        db.sql
                .sql("UPDATE deleted_version SET key_destroyed = 1 WHERE saga_id = ? AND EXISTS (SELECT 1 FROM chunk"
                        + " WHERE chunk.saga_id = deleted_version.saga_id AND chunk.encryption <> 'none')")
                .param(sagaId)
                .update();
    }

    /**
     * Records that the deletion has reached the state HIDDEN or REMOVING.
     *
     * @return the deletion in its new state
     */
    public Deletion reached(Deletion deletion, DeletionState state) {
        return db.inTransaction(() -> {
            requireUpdated(
                    deletion,
                    db.sql
                            .sql("UPDATE deletion SET state = ?, attempts = 0, last_error = '' WHERE deletion_id = ?"
                                    + " AND run = ? AND state = ?")
                            .params(
                                    state.name(),
                                    deletion.deletionId(),
                                    deletion.run(),
                                    deletion.state().name())
                            .update());
            deletion.versions().forEach(version -> append(version.sagaId(), "DELETION " + state));
            return find(deletion.deletionId()).orElseThrow();
        });
    }

    /**
     * Records the end: DELETED, or PARTIALLY_DELETED if clean-up entries are open. What the journal knows of the text
     * is erased.
     *
     * @param residue supplies the events that are journaled with PARTIALLY_DELETED, for each version with open entries
     */
    public Deletion finish(Deletion deletion, Function<SagaRecord, EventDraft.OnResidue> residue) {
        return db.inTransaction(() -> {
            boolean open = deletion.versions().stream().anyMatch(version -> cleanups.open(version.sagaId()) > 0);
            DeletionState end = open ? DeletionState.PARTIALLY_DELETED : DeletionState.DELETED;
            requireUpdated(
                    deletion,
                    db.sql
                            .sql("UPDATE deletion SET state = ?, finished_at = ?, lease_until = 0, attempts = 0,"
                                    + " last_error = '' WHERE deletion_id = ? AND run = ? AND " + UNFINISHED)
                            .params(end.name(), db.now(), deletion.deletionId(), deletion.run())
                            .update());
            for (DeletedVersion version : deletion.versions()) {
                db.sql
                        .sql("UPDATE document_text SET title = '', author = '' WHERE saga_id = ?")
                        .param(version.sagaId())
                        .update();
                append(version.sagaId(), end.name());
                appendResidue(version.sagaId(), residue);
            }
            return find(deletion.deletionId()).orElseThrow();
        });
    }

    private void appendResidue(String sagaId, Function<SagaRecord, EventDraft.OnResidue> residue) {
        List<CleanupEntry> open = cleanups.of(sagaId).stream()
                .filter(entry -> entry.state().isOpen())
                .toList();
        if (!open.isEmpty()) {
            residue.apply(sagas.get(sagaId))
                    .about(open)
                    .forEach(draft ->
                            events.append(sagaId, draft.kind(), draft.step(), draft.message(), draft.detail()));
        }
    }

    /** With the last open clean-up entry, PARTIALLY_DELETED becomes DELETED. Call it in the transaction. */
    void settle(String sagaId) {
        int settled = db.sql
                .sql("UPDATE deletion SET state = 'DELETED' WHERE state = 'PARTIALLY_DELETED' AND deletion_id ="
                        + " (SELECT deletion_id FROM deleted_version WHERE saga_id = ?) AND NOT EXISTS"
                        + " (SELECT 1 FROM deleted_version v JOIN cleanup c ON c.saga_id = v.saga_id"
                        + " WHERE v.deletion_id = deletion.deletion_id AND c.state IN ('PENDING','BLOCKED'))")
                .param(sagaId)
                .update();
        if (settled == 1) {
            append(sagaId, DeletionState.DELETED.name());
        }
    }

    private Deletion withVersions(Deletion deletion) {
        return deletion.with(db.sql
                .sql("SELECT * FROM deleted_version WHERE deletion_id = ? ORDER BY saga_id DESC")
                .param(deletion.deletionId())
                .query((row, n) -> new DeletedVersion(
                        row.getString("saga_id"),
                        row.getString("sha256"),
                        row.getLong("size_bytes"),
                        row.getInt("chunk_count"),
                        row.getString("chunks_sha256"),
                        row.getInt("key_destroyed") == 1))
                .list());
    }

    private static Deletion deletion(ResultSet row, int n) throws SQLException {
        return new Deletion(
                row.getString("deletion_id"),
                row.getString("document_id"),
                row.getString("file_name"),
                row.getString("sha256"),
                row.getLong("size_bytes"),
                row.getString("reason"),
                row.getString("requested_by"),
                Instant.ofEpochMilli(row.getLong("requested_at")),
                DeletionState.valueOf(row.getString("state")),
                row.getInt("run"),
                row.getInt("attempts"),
                row.getString("last_error"),
                Instant.ofEpochMilli(row.getLong("next_attempt_at")),
                SagaRepository.time(row, "finished_at"),
                List.of());
    }
}
