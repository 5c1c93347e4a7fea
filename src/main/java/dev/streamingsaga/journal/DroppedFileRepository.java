package dev.streamingsaga.journal;

import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Files of drop folders that are rechecked after their saga has ended. Each method is one transaction. */
public final class DroppedFileRepository {
    private final JournalDatabase db;
    private final EventRepository events;

    DroppedFileRepository(JournalDatabase db, EventRepository events) {
        this.db = db;
        this.events = events;
    }

    /** Records the file before it is moved. Replaces an earlier record with the same path. */
    public void add(Path folder, DroppedFile file) {
        SourceIdentity identity = file.identity();
        db.sql
                .sql("""
                INSERT INTO dropped_file (path, source, folder, saga_id, file_key, size_bytes, modified_nanos,
                    changed_nanos, until_at, alerts)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
                ON CONFLICT (path) DO UPDATE SET source = excluded.source, folder = excluded.folder,
                    saga_id = excluded.saga_id, file_key = excluded.file_key, size_bytes = excluded.size_bytes,
                    modified_nanos = excluded.modified_nanos, changed_nanos = excluded.changed_nanos,
                    until_at = excluded.until_at, alerts = 0""")
                .params(
                        file.path().toString(),
                        file.source().toString(),
                        folder.toString(),
                        file.sagaId(),
                        identity.fileKey(),
                        identity.sizeBytes(),
                        identity.modifiedNanos(),
                        identity.changedNanos(),
                        file.until().toEpochMilli())
                .update();
    }

    /** Records the file's current identity; its content is still what the saga stored. */
    public void unchanged(Path file, SourceIdentity current) {
        db.sql
                .sql("UPDATE dropped_file SET file_key = ?, size_bytes = ?, modified_nanos = ?, changed_nanos = ?"
                        + " WHERE path = ?")
                .params(
                        current.fileKey(),
                        current.sizeBytes(),
                        current.modifiedNanos(),
                        current.changedNanos(),
                        file.toString())
                .update();
    }

    /** The files of a folder, the one that expires first at the top. */
    public List<DroppedFile> of(Path folder, int limit) {
        return db.sql
                .sql("SELECT * FROM dropped_file WHERE folder = ? ORDER BY until_at, path LIMIT ?")
                .params(folder.toString(), limit)
                .query(DroppedFileRepository::file)
                .list();
    }

    public Optional<DroppedFile> find(Path file) {
        return db.sql
                .sql("SELECT * FROM dropped_file WHERE path = ?")
                .param(file.toString())
                .query(DroppedFileRepository::file)
                .optional();
    }

    /** Whether the saga has a recorded file. */
    public boolean has(String sagaId) {
        return db.sql
                        .sql("SELECT count(*) FROM dropped_file WHERE saga_id = ?")
                        .param(sagaId)
                        .query(Long.class)
                        .single()
                > 0;
    }

    /**
     * Journals an alert about the file.
     *
     * @param level see {@link DroppedFile#alerts}
     * @return false if this or another process had already recorded an alert of this level
     */
    public boolean alert(DroppedFile file, int level, List<EventDraft> drafts) {
        return db.inTransaction(() -> {
            int first = db.sql
                    .sql("UPDATE dropped_file SET alerts = ? WHERE path = ? AND alerts < ?")
                    .params(level, file.path().toString(), level)
                    .update();
            if (first == 1) {
                append(file.sagaId(), drafts);
            }
            return first == 1;
        });
    }

    /**
     * Journals an alert about a file that changed before it could be moved.
     *
     * @return false if the saga already has an alert whose message begins like this
     */
    public boolean alertOnce(String sagaId, String beginning, List<EventDraft> drafts) {
        return db.inTransaction(() -> {
            // Also a lock: another process that records the same alert waits for this transaction.
            db.sql
                    .sql("UPDATE saga SET updated_at = updated_at WHERE saga_id = ?")
                    .param(sagaId)
                    .update();
            boolean known = events.of(sagaId).stream()
                    .anyMatch(event -> event.kind() == Event.EventKind.ALERT
                            && event.message().startsWith(beginning));
            if (!known) {
                append(sagaId, drafts);
            }
            return !known;
        });
    }

    private void append(String sagaId, List<EventDraft> drafts) {
        drafts.forEach(draft -> events.append(sagaId, draft.kind(), draft.step(), draft.message(), draft.detail()));
    }

    public void forget(Path file) {
        db.sql
                .sql("DELETE FROM dropped_file WHERE path = ?")
                .param(file.toString())
                .update();
    }

    private static DroppedFile file(ResultSet row, int n) throws SQLException {
        SourceIdentity identity = new SourceIdentity(
                row.getString("file_key"),
                row.getLong("size_bytes"),
                row.getLong("modified_nanos"),
                row.getLong("changed_nanos"));
        return new DroppedFile(
                Path.of(row.getString("path")),
                Path.of(row.getString("source")),
                row.getString("saga_id"),
                identity,
                Instant.ofEpochMilli(row.getLong("until_at")),
                row.getInt("alerts"));
    }
}
