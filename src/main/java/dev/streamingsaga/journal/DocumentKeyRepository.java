package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The wrapped data keys of sagas. Each method is one transaction; of two that compete for a saga's key, one wins. */
public final class DocumentKeyRepository {
    private static final String SELECT = "SELECT k.saga_id, k.document_id, k.key_id, k.wrapped, k.destroyed_at,"
            + " k.next_key_id, k.next_wrapped FROM document_key k";

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
        boolean destroyed = db.sql
                        .sql("UPDATE document_key SET wrapped = '', destroyed_at = ?,"
                                + " next_wrapped = CASE WHEN next_key_id IS NULL THEN NULL ELSE '' END"
                                + " WHERE saga_id = ? AND destroyed_at IS NULL")
                        .params(db.now(), sagaId)
                        .update()
                == 1;
        if (destroyed) {
            db.truncateLog();
        }
        return destroyed;
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
