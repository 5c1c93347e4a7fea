package dev.streamingsaga.journal;

/** What a run records about its saga. */
final class RunRepository {
    private final JournalDatabase db;
    private final StateTransitions transitions;

    RunRepository(JournalDatabase db, StateTransitions transitions) {
        this.db = db;
        this.transitions = transitions;
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
                UPDATE saga SET document_id = ?, sha256 = ?, content_type = ?, size_bytes = ?, file_key = ?, modified_nanos = ?,
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
