package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The wrapped data keys of sagas. Each method is one transaction; of two that compete for a saga's key, one wins. */
public final class DocumentKeyRepository {
    private static final String SELECT = "SELECT k.saga_id, k.document_id, k.key_id, k.wrapped, k.destroyed_at,"
            + " k.next_key_id, k.next_wrapped FROM document_key k";

    private static final String DESTROY = "UPDATE document_key SET wrapped = '', destroyed_at = ?,"
            + " next_wrapped = CASE WHEN next_key_id IS NULL THEN NULL ELSE '' END"
            + " WHERE saga_id = ? AND destroyed_at IS NULL";

    private final JournalDatabase db;

    DocumentKeyRepository(JournalDatabase db) {
        this.db = db;
    }

    public Optional<DocumentKey> find(String sagaId) {
        return db.sql
                .sql(SELECT + " WHERE k.saga_id = ?")
                .param(sagaId)
                .query((row, n) -> key(row))
                .optional();
    }

    /** Records the key of a saga that has none yet. Returns the key that the saga has now, of whichever caller. */
    public DocumentKey addIfAbsent(String sagaId, String documentId, String keyId, String wrapped) {
        db.sql
                .sql("INSERT INTO document_key (saga_id, document_id, key_id, wrapped, created_at)"
                        + " VALUES (?, ?, ?, ?, ?) ON CONFLICT (saga_id) DO NOTHING")
                .params(sagaId, documentId, keyId, wrapped, db.now())
                .update();
        return find(sagaId).orElseThrow();
    }

    /**
     * Overwrites the key of a saga. Idempotent.
     *
     * @return whether the saga had a key that was not destroyed yet
     */
    public boolean destroy(String sagaId) {
        boolean destroyed = db.sql.sql(DESTROY).params(db.now(), sagaId).update() == 1;
        if (destroyed) {
            db.truncateLog();
        }
        return destroyed;
    }

    /**
     * Overwrites the key of a saga whose objects were removed, in the caller's transaction: nothing is left that it
     * could open. Kept if a clean-up entry is open, or was closed by an operator, since its object may still exist.
     */
    static void destroyIfNothingIsLeft(JournalDatabase db, String sagaId) {
        db.sql
                .sql(DESTROY + " AND NOT EXISTS (SELECT 1 FROM cleanup c WHERE c.saga_id = document_key.saga_id"
                        + " AND c.state IN ('PENDING','BLOCKED','RESOLVED'))")
                .params(db.now(), sagaId)
                .update();
    }

    /**
     * Keys of sagas with an outcome that another key than this one wraps, in the order of their sagas.
     *
     * @param afterSagaId of the page before; empty for the first
     */
    public List<DocumentKey> notUnder(String keyId, String afterSagaId, int limit) {
        return db.sql
                .sql(SELECT + " JOIN saga s ON s.saga_id = k.saga_id WHERE k.destroyed_at IS NULL AND k.key_id <> ?"
                        + " AND k.saga_id > ? AND s.state IN " + SagaRepository.FINAL
                        + " ORDER BY k.saga_id LIMIT ?")
                .params(keyId, afterSagaId, limit)
                .query((row, n) -> key(row))
                .list();
    }

    /** How many keys {@link #notUnder} returns, and how many more belong to sagas without an outcome. */
    public OldKeys countNotUnder(String keyId) {
        return db.sql
                .sql("SELECT count(*) AS keys, coalesce(sum(CASE WHEN s.state IN " + SagaRepository.FINAL
                        + " THEN 1 ELSE 0 END), 0) AS ended FROM document_key k JOIN saga s ON s.saga_id = k.saga_id"
                        + " WHERE k.destroyed_at IS NULL AND k.key_id <> ?")
                .param(keyId)
                .query((row, n) -> new OldKeys(row.getLong("ended"), row.getLong("keys") - row.getLong("ended")))
                .single();
    }

    /**
     * Keys that another key encryption key than the current one wraps.
     *
     * @param ofEndedSagas can be wrapped again
     * @param ofUnfinishedSagas are in use by a run, and left alone until it ends
     */
    public record OldKeys(long ofEndedSagas, long ofUnfinishedSagas) {}

    /** Keys whose replacement has begun and not ended, destroyed ones included, in the order of their sagas. */
    public List<DocumentKey> inReplacement(int limit) {
        return db.sql
                .sql(SELECT + " WHERE k.next_key_id IS NOT NULL ORDER BY k.saga_id LIMIT ?")
                .param(limit)
                .query((row, n) -> key(row))
                .list();
    }

    /**
     * Journals what replaces a key, before the manifest is written.
     *
     * @return false if the key is no longer this one, or another replacement has begun
     */
    public boolean beginReplacement(DocumentKey key, DocumentKey.Replacement next) {
        return db.sql
                        .sql("UPDATE document_key SET next_key_id = ?, next_wrapped = ? WHERE saga_id = ?"
                                + " AND key_id = ? AND wrapped = ? AND destroyed_at IS NULL AND next_key_id IS NULL")
                        .params(next.keyId(), next.wrapped(), key.sagaId(), key.keyId(), key.wrapped())
                        .update()
                == 1;
    }

    /**
     * Replaces a key, after the manifest was written.
     *
     * @return false if the key was destroyed meanwhile, or its replacement has ended
     */
    public boolean endReplacement(String sagaId, DocumentKey.Replacement next) {
        return db.sql
                        .sql(
                                "UPDATE document_key SET key_id = next_key_id, wrapped = next_wrapped,"
                                        + " next_key_id = NULL, next_wrapped = NULL"
                                        + " WHERE saga_id = ? AND next_key_id = ? AND next_wrapped = ? AND destroyed_at IS NULL")
                        .params(sagaId, next.keyId(), next.wrapped())
                        .update()
                == 1;
    }

    /** Ends the replacement of a key that was destroyed meanwhile, after its manifest was removed. */
    public void abandonReplacement(String sagaId) {
        db.sql
                .sql("UPDATE document_key SET next_key_id = NULL, next_wrapped = NULL"
                        + " WHERE saga_id = ? AND destroyed_at IS NOT NULL")
                .param(sagaId)
                .update();
    }

    /** How many keys that are not destroyed each key encryption key wraps, by its id. */
    public Map<String, Long> countByKey() {
        Map<String, Long> counts = new LinkedHashMap<>();
        db.sql
                .sql("SELECT key_id, count(*) AS keys FROM document_key WHERE destroyed_at IS NULL"
                        + " GROUP BY key_id ORDER BY key_id")
                .query(row -> {
                    counts.put(row.getString("key_id"), row.getLong("keys"));
                });
        return counts;
    }

    private static DocumentKey key(ResultSet row) throws SQLException {
        long destroyed = row.getLong("destroyed_at");
        boolean isWhole = row.wasNull();
        String nextKeyId = JournalDatabase.text(row, "next_key_id");
        return new DocumentKey(
                row.getString("saga_id"),
                row.getString("document_id"),
                row.getString("key_id"),
                row.getString("wrapped"),
                JournalDatabase.instant(destroyed, isWhole),
                nextKeyId.isEmpty()
                        ? Optional.empty()
                        : Optional.of(
                                new DocumentKey.Replacement(nextKeyId, JournalDatabase.text(row, "next_wrapped"))));
    }
}
