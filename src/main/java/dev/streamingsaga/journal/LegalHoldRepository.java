package dev.streamingsaga.journal;

import dev.streamingsaga.journal.LegalHold.Subject;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Legal holds. A hold that is placed and a deletion that is requested at the same time exclude each other: one of both
 * is refused. Any number of holds can be on the same document.
 */
public final class LegalHoldRepository {
    /** Condition: a hold is in force that covers the document of the row of {@code saga}. */
    static final String HELD = "EXISTS (SELECT 1 FROM legal_hold WHERE released_at IS NULL"
            + " AND ((subject = 'DOCUMENT' AND value = saga.document_id)"
            + " OR (subject = 'OWNER' AND value = saga.owner)))";

    private static final String LOCK = "legal holds";

    private final JournalDatabase db;

    LegalHoldRepository(JournalDatabase db) {
        this.db = db;
    }

    /** Keeps holds from being placed or released until the transaction ends. */
    static void lock(JournalDatabase db) {
        db.lock(LOCK);
    }

    /**
     * Places a hold.
     *
     * @return empty if the subject is a document and there is no such completed document, or it is deleted
     */
    public Optional<LegalHold> place(Subject subject, String value, String reason, String placedBy) {
        return db.inTransaction(() -> {
            lock(db);
            if (subject == Subject.DOCUMENT && !isStored(value)) {
                return Optional.<LegalHold>empty();
            }
            String id = Ids.next();
            db.sql
                    .sql("INSERT INTO legal_hold (hold_id, subject, value, reason, placed_by, placed_at)"
                            + " VALUES (?, ?, ?, ?, ?, ?)")
                    .params(id, subject.name(), value, reason, placedBy, db.now())
                    .update();
            return find(id);
        });
    }

    private boolean isStored(String documentId) {
        return db.sql
                .sql("SELECT EXISTS (SELECT 1 FROM saga WHERE document_id = ? AND state = 'COMPLETED' AND "
                        + DeletionRepository.NOT_DELETED + ")")
                .param(documentId)
                .query(Boolean.class)
                .single();
    }

    public Optional<LegalHold> find(String holdId) {
        return db.sql
                .sql("SELECT * FROM legal_hold WHERE hold_id = ?")
                .param(holdId)
                .query(LegalHoldRepository::hold)
                .optional();
    }

    /**
     * Ends a hold. What only this hold has kept of replaced documents becomes due for removal; a kept version stays
     * until a newer one replaces it.
     *
     * @return the hold as it is now, also if it had ended before; empty if there is no such hold
     */
    public Optional<LegalHold> release(String holdId, String reason, String releasedBy) {
        return db.inTransaction(() -> {
            lock(db);
            int released = db.sql
                    .sql("UPDATE legal_hold SET released_at = ?, released_by = ?, release_reason = ?"
                            + " WHERE hold_id = ? AND released_at IS NULL")
                    .params(db.now(), releasedBy, reason, holdId)
                    .update();
            Optional<LegalHold> hold = find(holdId);
            if (released == 1) {
                hold.ifPresent(this::removeReplaced);
            }
            return hold;
        });
    }

    /** Documents that were replaced, not by a version, have no number. */
    private void removeReplaced(LegalHold hold) {
        db.sql
                .sql("UPDATE document_version SET state = 'REMOVING' WHERE state IN ('HIDING','KEPT') AND number = 0"
                        + " AND saga_id IN (SELECT saga_id FROM saga WHERE "
                        + (hold.subject() == Subject.DOCUMENT ? "document_id" : "owner") + " = ? AND NOT " + HELD
                        + ")")
                .param(hold.value())
                .update();
    }

    /** The oldest hold in force that covers the document of a saga. */
    public Optional<LegalHold> covering(String sagaId) {
        return db.sql
                .sql("SELECT h.* FROM legal_hold h JOIN saga ON saga.saga_id = ? WHERE h.released_at IS NULL"
                        + " AND ((h.subject = 'DOCUMENT' AND h.value = saga.document_id)"
                        + " OR (h.subject = 'OWNER' AND h.value = saga.owner)) ORDER BY h.hold_id LIMIT 1")
                .param(sagaId)
                .query(LegalHoldRepository::hold)
                .optional();
    }

    /**
     * Lists holds, newest first.
     *
     * @param below only holds with a lower id than this; empty: from the newest
     * @param released whether to list ended holds as well
     */
    public List<LegalHold> list(String below, boolean released, int limit) {
        return db.sql
                .sql("SELECT * FROM legal_hold WHERE (:below = '' OR hold_id < :below)"
                        + (released ? "" : " AND released_at IS NULL") + " ORDER BY hold_id DESC LIMIT :limit")
                .param("below", below)
                .param("limit", limit)
                .query(LegalHoldRepository::hold)
                .list();
    }

    private static LegalHold hold(ResultSet row, int n) throws SQLException {
        String releasedBy = row.getString("released_by");
        return new LegalHold(
                row.getString("hold_id"),
                Subject.valueOf(row.getString("subject")),
                row.getString("value"),
                row.getString("reason"),
                row.getString("placed_by"),
                Instant.ofEpochMilli(row.getLong("placed_at")),
                releasedBy == null
                        ? null
                        : new LegalHold.Release(
                                releasedBy,
                                Instant.ofEpochMilli(row.getLong("released_at")),
                                row.getString("release_reason")));
    }
}
