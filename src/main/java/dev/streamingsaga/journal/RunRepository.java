package dev.streamingsaga.journal;

/** What a run records about its saga. */
final class RunRepository {
    private final JournalDatabase db;
    private final StateTransitions transitions;
    private final EventRepository events;

    RunRepository(JournalDatabase db, StateTransitions transitions, EventRepository events) {
        this.db = db;
        this.transitions = transitions;
        this.events = events;
    }

    /** Records that the saga waits; an event marks the beginning. */
    void waits(String sagaId, int run, String step, Waiting waiting) {
        db.inTransaction(() -> {
            int began = set(sagaId, run, waiting, "waiting_for IS NULL");
            if (began == 1) {
                events.append(sagaId, Event.EventKind.STATE, step, waiting.reason(), "");
            } else {
                transitions.requireUpdated(set(sagaId, run, waiting, "waiting_for IS NOT NULL"), sagaId, run);
            }
        });
    }

    private int set(String sagaId, int run, Waiting waiting, String condition) {
        return db.sql
                .sql("UPDATE saga SET waiting_for = ?, waiting_since = ?, next_attempt_at = ?, updated_at = ?"
                        + " WHERE saga_id = ? AND run = ? AND state NOT IN "
                        + SagaRepository.finalAnd("PAUSED", "COMPENSATING") + " AND " + condition)
                .params(
                        waiting.reason(),
                        waiting.since().toEpochMilli(),
                        waiting.nextAttempt().toEpochMilli(),
                        db.now(),
                        sagaId,
                        run)
                .update();
    }

    /** Records that the saga continues after it has waited. */
    void continues(String sagaId, int run, String step) {
        db.inTransaction(() -> {
            int ended = db.sql
                    .sql("UPDATE saga SET waiting_for = NULL, waiting_since = NULL, next_attempt_at = NULL,"
                            + " updated_at = ? WHERE saga_id = ? AND run = ? AND waiting_for IS NOT NULL")
                    .params(db.now(), sagaId, run)
                    .update();
            if (ended == 1) {
                events.append(sagaId, Event.EventKind.STATE, step, "continues", "");
            }
        });
    }

    /** Binds the saga's LRA to its run, so that callbacks of any other LRA can be recognized. */
    void bindLra(String sagaId, int run, String lraId) {
        transitions.requireUpdated(
                db.sql
                        .sql("UPDATE saga SET lra_id = ?, updated_at = ? WHERE saga_id = ? AND run = ?")
                        .params(lraId, db.now(), sagaId, run)
                        .update(),
                sagaId,
                run);
    }

    /** Records the saga's document. From now on its stores can be queried for it. */
    void setDocument(String sagaId, int run, Document document) {
        transitions.requireUpdated(
                db.sql
                        .sql("""
                UPDATE saga SET document_id = ?, sha256 = ?, content_type = ?, size_bytes = ?, file_key = ?,
                  modified_nanos = ?,
                       changed_nanos = ?, chunk_count = ?, chunk_size = ?, bucket = ?, key_prefix = ?, updated_at = ?
                WHERE saga_id = ? AND run = ? AND state NOT IN\s""" + SagaRepository.FINAL)
                        .params(
                                document.documentId(),
                                document.sha256(),
                                document.contentType(),
                                document.sizeBytes(),
                                document.identity().fileKey(),
                                document.identity().modifiedNanos(),
                                document.identity().changedNanos(),
                                document.chunkCount(),
                                document.chunkSizeBytes(),
                                document.bucket(),
                                document.keyPrefix(),
                                db.now(),
                                sagaId,
                                run)
                        .update(),
                sagaId,
                run);
    }

    /** Counts bytes of chunks that an earlier run sent and the bucket confirmed. */
    void addResumedBytes(String sagaId, int run, long bytes) {
        db.sql
                .sql("UPDATE saga SET resumed_bytes = resumed_bytes + ? WHERE saga_id = ? AND run = ?")
                .params(bytes, sagaId, run)
                .update();
    }
}
