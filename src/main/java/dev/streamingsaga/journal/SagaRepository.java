package dev.streamingsaga.journal;

import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Reads sagas. */
public final class SagaRepository {
    /** Sagas of one page of {@link #unpublished}. */
    public static final int PAGE = 100;

    /** The final states, as an SQL list. */
    static final String FINAL = "('COMPLETED','COMPENSATED','PARTIALLY_COMPENSATED')";

    /** Condition on a completed saga: its document is served. */
    static final String CURRENT = "superseded_by IS NULL AND " + DeletionRepository.NOT_DELETED;

    /** All other states, as an SQL list. */
    static final String UNFINISHED = Arrays.stream(SagaState.values())
            .filter(state -> !state.isFinal())
            .map(SagaState::name)
            .collect(Collectors.joining("','", "('", "')"));

    /** Of a compensated saga: the bucket must still be checked for late writes. */
    static final String LATE_WRITES_POSSIBLE =
            "swept_at IS NULL AND document_id IS NOT NULL AND (run > 1 OR EXISTS (SELECT 1 FROM chunk"
                    + " WHERE chunk.saga_id = saga.saga_id AND chunk.state = 'SENDING')"
                    + " OR EXISTS (SELECT 1 FROM step WHERE step.saga_id = saga.saga_id"
                    + " AND name = 'finalize' AND started_at IS NOT NULL"
                    + " AND step.finished_at IS NULL))";

    static final String LATE_WRITES = "SELECT * FROM saga WHERE state = 'COMPENSATED' AND finished_at <= ? AND "
            + SagaFormat.KNOWN + " AND " + LATE_WRITES_POSSIBLE + " ORDER BY saga_id";

    private final JournalDatabase db;

    SagaRepository(JournalDatabase db) {
        this.db = db;
    }

    /** The final states and these others, as an SQL list. */
    static String finalAnd(String... states) {
        return "('" + String.join("','", states) + "'," + FINAL.substring(1);
    }

    SagaState state(String sagaId) {
        return SagaState.valueOf(db.sql
                .sql("SELECT state FROM saga WHERE saga_id = ?")
                .param(sagaId)
                .query(String.class)
                .single());
    }

    public Optional<SagaRecord> find(String sagaId) {
        return db.sql
                .sql("SELECT * FROM saga WHERE saga_id = ?")
                .param(sagaId)
                .query(SagaRepository::saga)
                .optional();
    }

    /** @throws IllegalStateException if there is none */
    SagaRecord get(String sagaId) {
        return find(sagaId).orElseThrow(() -> new IllegalStateException("no saga " + sagaId));
    }

    /** Newest first. */
    public List<SagaRecord> newest(int limit) {
        return db.sql
                .sql("SELECT * FROM saga ORDER BY saga_id DESC LIMIT ?")
                .param(limit)
                .query(SagaRepository::saga)
                .list();
    }

    /**
     * Every saga without an outcome, and every COMPLETED saga whose document is not visible in every store yet; oldest
     * first.
     */
    public List<SagaRecord> unfinished() {
        // Two queries, each with an index: they do not read the sagas that ended long ago.
        return db.sql
                .sql("SELECT * FROM saga WHERE saga_id IN (SELECT saga_id FROM saga WHERE state IN " + UNFINISHED
                        + " UNION SELECT saga_id FROM saga WHERE state = 'COMPLETED'"
                        + " AND published_at IS NULL AND superseded_by IS NULL) ORDER BY saga_id")
                .query(SagaRepository::saga)
                .list();
    }

    /** The newest completed saga of a document. */
    public Optional<SagaRecord> ofDocument(String documentId) {
        return completed(documentId).stream().findFirst();
    }

    /** Completed sagas of a document that no newer one superseded, newest first. */
    public List<SagaRecord> completed(String documentId) {
        return db.sql
                .sql("SELECT saga.* FROM saga LEFT JOIN document_version v ON v.saga_id = saga.saga_id"
                        + " WHERE saga.document_id = ? AND saga.state = 'COMPLETED' AND " + CURRENT
                        + " ORDER BY COALESCE(v.number, 0) DESC, saga.saga_id DESC")
                .param(documentId)
                .query(SagaRepository::saga)
                .list();
    }

    /**
     * Compensated sagas whose bucket must still be checked for late writes: a chunk or the manifest was sent without an
     * answer, or another process ran the saga before.
     *
     * @param endedBefore sagas that ended later are not due: a write may still arrive
     */
    public List<SagaRecord> lateWriteChecksDue(Instant endedBefore) {
        return db.sql
                .sql(LATE_WRITES)
                .param(endedBefore.toEpochMilli())
                .query(SagaRepository::saga)
                .list();
    }

    /** COMPLETED sagas whose document is not visible in every store yet and whose next attempt is due; oldest first. */
    public List<SagaRecord> publicationsDue() {
        return db.sql
                .sql("SELECT * FROM saga WHERE state = 'COMPLETED' AND published_at IS NULL AND superseded_by IS NULL"
                        + " AND publish_after <= ? AND " + SagaFormat.KNOWN + " ORDER BY saga_id")
                .param(db.now())
                .query(SagaRepository::saga)
                .list();
    }

    /**
     * Completed sagas whose document is not visible in every store yet, oldest first; at most {@value #PAGE}.
     *
     * @param after the last saga of the page before; empty for the first page
     */
    public List<SagaRecord> unpublished(String after) {
        return db.sql
                .sql("SELECT * FROM saga WHERE state = 'COMPLETED' AND published_at IS NULL AND superseded_by IS NULL"
                        + " AND saga_id > ? AND " + SagaFormat.KNOWN + " ORDER BY saga_id LIMIT " + PAGE)
                .param(after)
                .query(SagaRepository::saga)
                .list();
    }

    /**
     * A page of the dropped files whose saga had more than one run and ended at this time or later, in the order in
     * which they ended.
     *
     * @param after the id of the last saga of the page before, which ended at {@code since}; empty for the first page
     */
    public List<SagaRecord> droppedAndResumed(Instant since, String after, int limit) {
        return db.sql
                .sql("SELECT * FROM saga WHERE finished_at IS NOT NULL AND finished_at >= ? AND endpoint = ?"
                        + " AND (finished_at > ? OR finished_at = ? AND saga_id > ?)"
                        + " AND run > 1 ORDER BY finished_at, saga_id LIMIT ?")
                .params(
                        since.toEpochMilli(),
                        Delivery.Endpoint.DROP_FOLDER.name(),
                        since.toEpochMilli(),
                        since.toEpochMilli(),
                        after,
                        limit)
                .query(SagaRepository::saga)
                .list();
    }

    /** Every bucket and prefix that a saga was ever stored under; settings may have changed since then. */
    public List<BucketLocation> bucketLocations() {
        // A key prefix is the location's prefix, then /document/saga/.
        return db.sql
                .sql("SELECT DISTINCT bucket, substr(key_prefix, 1, length(key_prefix) - length(document_id) -"
                        + " length(saga_id) - 3) AS prefix"
                        + " FROM saga WHERE document_id IS NOT NULL ORDER BY bucket, prefix")
                .query((row, n) -> new BucketLocation(row.getString("bucket"), row.getString("prefix")))
                .list();
    }

    /** All completed documents that are current, oldest first. */
    public List<SagaRecord> current() {
        return db.sql
                .sql("SELECT * FROM saga WHERE state = 'COMPLETED' AND " + CURRENT + " ORDER BY saga_id")
                .query(SagaRepository::saga)
                .list();
    }

    /** The newest completed saga for a body that the sender sent under this name. */
    public Optional<SagaRecord> stored(String sender, String fileName) {
        return db.sql
                .sql("SELECT * FROM saga WHERE sender = ? AND file_name = ? AND state = 'COMPLETED' AND " + CURRENT
                        + " ORDER BY saga_id DESC LIMIT 1")
                .params(sender, fileName)
                .query(SagaRepository::saga)
                .optional();
    }

    /** The newest completed saga of a source, whatever its content. */
    Optional<SagaRecord> newestCompleted(String sourceKey) {
        return db.sql
                .sql("SELECT * FROM saga WHERE source_key = ? AND state = 'COMPLETED' AND " + CURRENT
                        + " ORDER BY saga_id DESC LIMIT 1")
                .param(sourceKey)
                .query(SagaRepository::saga)
                .optional();
    }

    /**
     * The newest saga for such a body that has no outcome yet, or whose document will be delivered again; one whose
     * body still arrives does not count.
     */
    public Optional<SagaRecord> unfinishedOf(String sender, String fileName) {
        return db.sql
                .sql("SELECT * FROM saga WHERE saga_id IN (SELECT saga_id FROM saga WHERE sender = ? AND file_name = ?"
                        + " AND state NOT IN " + FINAL
                        + " UNION SELECT saga_id FROM saga WHERE sender = ? AND file_name = ?"
                        + " AND next_delivery_at IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM upload"
                        + " WHERE upload.saga_id = saga.saga_id AND upload.completed_at IS NULL)"
                        + " ORDER BY saga_id DESC LIMIT 1")
                .params(sender, fileName, sender, fileName)
                .query(SagaRepository::saga)
                .optional();
    }

    /** Whether a completed document of this source has this size, so that its content may be the same. */
    public boolean completedFrom(String sourceKey, long sizeBytes) {
        return db.sql
                        .sql("SELECT count(*) FROM saga WHERE source_key = ? AND size_bytes = ?"
                                + " AND state = 'COMPLETED' AND " + CURRENT)
                        .params(sourceKey, sizeBytes)
                        .query(Long.class)
                        .single()
                > 0;
    }

    /**
     * The newest completed saga that stored this content from this source, whatever the id of its document.
     *
     * @param sourceKey see {@link Origin#key}
     */
    public Optional<SagaRecord> storedContent(String sourceKey, String sha256) {
        return db.sql
                .sql("SELECT * FROM saga WHERE source_key = ? AND sha256 = ? AND state = 'COMPLETED' AND " + CURRENT
                        + " ORDER BY saga_id DESC LIMIT 1")
                .params(sourceKey, sha256)
                .query(SagaRepository::saga)
                .optional();
    }

    /** Records that the sources of unfinished sagas below one directory lie below another one now. */
    public void relocateSources(Path from, Path to) {
        String old = from + "/";
        db.sql
                .sql("UPDATE saga SET source = ? || substr(source, ?) WHERE substr(source, 1, ?) = ? AND state NOT IN "
                        + FINAL)
                .params(to + "/", old.length() + 1, old.length(), old)
                .update();
    }

    /** The keys of all sources that a saga without an outcome needs, or may need. */
    public Set<String> neededSources() {
        // Neither UNION nor "source_key IS NOT NULL": SQLite would read an index of all sources.
        return db
                .sql
                .sql("SELECT source_key FROM saga WHERE state NOT IN " + FINAL
                        + " UNION ALL SELECT source_key FROM saga WHERE next_delivery_at IS NOT NULL")
                .query((row, n) -> JournalDatabase.text(row, "source_key"))
                .list()
                .stream()
                .filter(key -> !key.isEmpty())
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Whether {@link #neededSources} contains this key. */
    public boolean isSourceNeeded(String sourceKey) {
        return db.sql
                        .sql("SELECT count(*) FROM saga WHERE source_key = ?" + " AND (state NOT IN " + FINAL
                                + " OR next_delivery_at IS NOT NULL)")
                        .param(sourceKey)
                        .query(Long.class)
                        .single()
                > 0;
    }

    static SagaRecord saga(ResultSet row, int n) throws SQLException {
        return new SagaRecord(
                row.getString("saga_id"),
                SagaState.valueOf(row.getString("state")),
                JournalDatabase.text(row, "node"),
                Optional.ofNullable(row.getString("reason")).flatMap(Reason::find),
                JournalDatabase.text(row, "message"),
                row.getInt("run"),
                row.getInt("handovers"),
                Optional.ofNullable(row.getString("lra_id")),
                Instant.ofEpochMilli(row.getLong("deadline_at")),
                Arrays.stream(row.getString("participants").split(","))
                        .filter(s -> !s.isEmpty())
                        .toList(),
                Path.of(row.getString("source")),
                origin(row),
                row.getString("file_name"),
                Optional.ofNullable(row.getString("sender")),
                row.getString("owner"),
                document(row),
                row.getLong("resumed_bytes"),
                Instant.ofEpochMilli(row.getLong("received_at")),
                Instant.ofEpochMilli(row.getLong("updated_at")),
                time(row, "finished_at"),
                time(row, "published_at").isPresent(),
                row.getInt("publish_attempts"),
                Optional.ofNullable(row.getString("superseded_by")),
                waiting(row),
                row.getInt("format"),
                delivery(row),
                WarningTally.of(row));
    }

    private static Delivery delivery(ResultSet row) throws SQLException {
        String id = row.getString("delivery");
        return new Delivery(
                id == null ? row.getString("saga_id") : id,
                row.getInt("attempt"),
                Optional.ofNullable(row.getString("endpoint")).map(Delivery.Endpoint::valueOf),
                Optional.ofNullable(row.getString("redelivery")).map(Delivery.Redelivery::valueOf),
                time(row, "next_delivery_at"));
    }

    /** What a saga waited for before it was compensated or paused stays in its row. */
    private static Optional<Waiting> waiting(ResultSet row) throws SQLException {
        String reason = row.getString("waiting_for");
        SagaState state = SagaState.valueOf(row.getString("state"));
        boolean isRunning = !state.isFinal() && state != SagaState.COMPENSATING && state != SagaState.PAUSED;
        return reason == null || !isRunning
                ? Optional.empty()
                : Optional.of(new Waiting(
                        reason,
                        Instant.ofEpochMilli(row.getLong("waiting_since")),
                        Instant.ofEpochMilli(row.getLong("next_attempt_at"))));
    }

    private static Optional<Document> document(ResultSet row) throws SQLException {
        String documentId = row.getString("document_id");
        return documentId == null
                ? Optional.empty()
                : Optional.of(new Document(
                        documentId,
                        row.getString("saga_id"),
                        Path.of(row.getString("source")),
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
                        identity(row).orElseThrow()));
    }

    private static Origin origin(ResultSet row) throws SQLException {
        String key = row.getString("source_key");
        return new Origin(
                key == null ? row.getString("source") : key, JournalDatabase.text(row, "source_host"), identity(row));
    }

    /** Empty if the saga ended before the file's identity was read. */
    static Optional<SourceIdentity> identity(ResultSet row) throws SQLException {
        String fileKey = row.getString("file_key");
        return fileKey == null
                ? Optional.empty()
                : Optional.of(new SourceIdentity(
                        fileKey,
                        row.getLong("size_bytes"),
                        row.getLong("modified_nanos"),
                        row.getLong("changed_nanos")));
    }

    static Optional<Instant> time(ResultSet row, String column) throws SQLException {
        return JournalDatabase.instant(row.getLong(column), row.wasNull());
    }
}
