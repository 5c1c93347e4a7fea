package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The chain of receipts, and the public keys that signed them. Each method is one transaction. */
public final class ReceiptRepository {
    /** Completed, visible documents without a receipt. Each condition repeats that of a partial index. */
    static final String DUE = "SELECT saga_id FROM saga WHERE published_at IS NOT NULL"
            + " AND superseded_by IS NULL AND receipt_sequence IS NULL AND " + DeletionRepository.NOT_DELETED
            + " AND saga_id > ? ORDER BY saga_id LIMIT ?";

    static final String NOT_COPIED =
            "SELECT * FROM receipt WHERE copied_at IS NULL AND sequence > ? ORDER BY sequence LIMIT ?";

    private static final String CHAIN = "receipts";

    private final JournalDatabase db;

    ReceiptRepository(JournalDatabase db) {
        this.db = db;
    }

    /**
     * Signs and journals a receipt at the end of the chain; of two nodes that do it at once, one waits for the other.
     *
     * @param sign signs the statement for its place in the chain; called inside the transaction
     * @return the receipt; if the saga already had one of this kind, that one
     */
    public Receipt append(
            Receipt.Kind kind, String sagaId, String documentId, Function<Receipt.Position, Receipt.Signed> sign) {
        return db.inTransaction(() -> {
            db.lock(CHAIN);
            return find(kind, sagaId).orElseGet(() -> insert(kind, sagaId, documentId, sign));
        });
    }

    private Receipt insert(
            Receipt.Kind kind, String sagaId, String documentId, Function<Receipt.Position, Receipt.Signed> sign) {
        Receipt.Head head = head();
        Receipt.Position place =
                new Receipt.Position(head.sequence() + 1, head.sha256(), Instant.ofEpochMilli(db.now()));
        Receipt.Signed signed = sign.apply(place);
        db.sql
                .sql("INSERT INTO receipt (sequence, kind, saga_id, document_id, issued_at, key_id, jws, sha256, copy,"
                        + " copied_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
                .param(1, place.sequence())
                .param(2, kind.name())
                .param(3, sagaId)
                .param(4, documentId)
                .param(5, place.issuedAt().toEpochMilli())
                .param(6, signed.keyId())
                .param(7, signed.jws())
                .param(8, signed.sha256())
                .param(9, signed.separateCopy().orElse(null), Types.VARCHAR)
                // The objects of a deleted document are gone: nothing is copied there any more.
                .param(10, kind == Receipt.Kind.DELETION ? (Long) db.now() : null, Types.BIGINT)
                .update();
        db.sql
                .sql("INSERT INTO receipt_head (id, sequence, sha256) VALUES (1, ?, ?)"
                        + " ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, sha256 = excluded.sha256")
                .params(place.sequence(), signed.sha256())
                .update();
        if (kind == Receipt.Kind.COMPLETION) {
            db.sql
                    .sql("UPDATE saga SET receipt_sequence = ? WHERE saga_id = ?")
                    .params(place.sequence(), sagaId)
                    .update();
        } else {
            db.sql
                    .sql("UPDATE receipt SET copied_at = ? WHERE saga_id = ? AND copied_at IS NULL")
                    .params(db.now(), sagaId)
                    .update();
        }
        return find(kind, sagaId).orElseThrow();
    }

    /** The receipt of a saga. */
    public Optional<Receipt> find(Receipt.Kind kind, String sagaId) {
        return db.sql
                .sql("SELECT * FROM receipt WHERE saga_id = ? AND kind = ?")
                .params(sagaId, kind.name())
                .query(ReceiptRepository::receipt)
                .optional();
    }

    /** The receipts after this one, in order. */
    public List<Receipt> after(long sequence, int limit) {
        return db.sql
                .sql("SELECT * FROM receipt WHERE sequence > ? ORDER BY sequence LIMIT ?")
                .params(sequence, limit)
                .query(ReceiptRepository::receipt)
                .list();
    }

    /** The newest receipt, as it was recorded with it. */
    public Receipt.Head head() {
        return db.sql
                .sql("SELECT sequence, sha256 FROM receipt_head")
                .query((row, n) -> new Receipt.Head(row.getLong("sequence"), row.getString("sha256")))
                .optional()
                .orElse(new Receipt.Head(0, Receipt.Position.NONE));
    }

    /** The newest receipt that a saga, archived or not, names as its own; 0 if there is none. Scans all sagas. */
    public long newestOfSagas() {
        return db.sql
                .sql("SELECT coalesce(max(receipt_sequence), 0) FROM (SELECT receipt_sequence FROM saga"
                        + " UNION ALL SELECT receipt_sequence FROM archived_saga) AS named")
                .query(Long.class)
                .single();
    }

    /**
     * Sagas whose document is completed and visible, and has no receipt; oldest first.
     *
     * @param after only sagas after this one; empty: all
     */
    public List<String> due(String after, int limit) {
        return db.sql.sql(DUE).params(after, limit).query(String.class).list();
    }

    /** Deletions that ended at this time or later, and of which a version has no receipt that says so; oldest first. */
    public List<String> deletionsDue(Instant endedSince, int limit) {
        return db.sql
                .sql("SELECT deletion_id FROM deletion d WHERE deletion_id IN (SELECT deletion_id FROM deletion"
                        + " WHERE finished_at IS NOT NULL AND finished_at >= ?)"
                        + " AND EXISTS (SELECT 1 FROM deleted_version v JOIN saga s ON s.saga_id = v.saga_id"
                        + " WHERE v.deletion_id = d.deletion_id AND NOT EXISTS (SELECT 1 FROM receipt r"
                        + " WHERE r.saga_id = v.saga_id AND r.kind = 'DELETION')) ORDER BY deletion_id LIMIT ?")
                .params(endedSince.toEpochMilli(), limit)
                .query(String.class)
                .list();
    }

    /** Receipts whose copy beside the manifest is not written yet, in order, after this one. */
    public List<Receipt> notCopied(long after, int limit) {
        return db.sql
                .sql(NOT_COPIED)
                .params(after, limit)
                .query(ReceiptRepository::receipt)
                .list();
    }

    /** Records that the copy was written, or that there is no place for it any more. */
    public void copied(Receipt receipt) {
        db.sql
                .sql("UPDATE receipt SET copied_at = ? WHERE sequence = ? AND copied_at IS NULL")
                .params(db.now(), receipt.sequence())
                .update();
    }

    public boolean isCopied(Receipt receipt) {
        return db.sql
                .sql("SELECT 1 FROM receipt WHERE sequence = ? AND copied_at IS NOT NULL")
                .param(receipt.sequence())
                .query(Integer.class)
                .optional()
                .isPresent();
    }

    /** Keeps a public key for those who verify receipts later. Does nothing if it is known. */
    public void remember(String keyId, String jwk) {
        db.sql
                .sql("INSERT INTO receipt_key (key_id, jwk, since) VALUES (?, ?, ?) ON CONFLICT (key_id) DO NOTHING")
                .params(keyId, jwk, db.now())
                .update();
    }

    /** The public keys as JSON Web Keys by key id, oldest first. */
    public Map<String, String> keys() {
        return db
                .sql
                .sql("SELECT key_id, jwk FROM receipt_key ORDER BY since, key_id")
                .query((row, n) -> Map.entry(row.getString("key_id"), row.getString("jwk")))
                .list()
                .stream()
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a, LinkedHashMap::new));
    }

    private static Receipt receipt(ResultSet row, int n) throws SQLException {
        return new Receipt(
                row.getLong("sequence"),
                Receipt.Kind.valueOf(row.getString("kind")),
                row.getString("saga_id"),
                row.getString("document_id"),
                Instant.ofEpochMilli(row.getLong("issued_at")),
                row.getString("key_id"),
                row.getString("jws"),
                row.getString("sha256"),
                Optional.ofNullable(row.getString("copy")));
    }
}
