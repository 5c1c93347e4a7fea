package dev.streamingsaga.journal;

import dev.streamingsaga.access.Classification;
import java.time.Instant;
import java.util.List;

/** Finds documents that were completed long ago. */
public final class AgedDocuments {
    private final JournalDatabase db;

    AgedDocuments(JournalDatabase db) {
        this.db = db;
    }

    /**
     * A document that is neither replaced nor deleted.
     *
     * @param sagaId of its current version
     * @param held whether a legal hold covers it
     */
    public record AgedDocument(String documentId, String sagaId, Instant completedAt, boolean held) {}

    /**
     * Documents whose current version was completed before a time, oldest first.
     *
     * @param after the last document of the page before
     * @param limit length of a page
     */
    public List<AgedDocument> completedBefore(
            Classification classification, Instant before, Position after, int limit) {
        return db.sql
                .sql("SELECT document_id, saga_id, finished_at, " + LegalHoldRepository.HELD + " AS held FROM saga"
                        + " WHERE state = 'COMPLETED' AND " + SagaRepository.CURRENT + " AND classification = :word"
                        + " AND finished_at < :before AND finished_at >= :after"
                        + " AND (finished_at > :after OR saga_id > :saga)"
                        + " ORDER BY finished_at, saga_id LIMIT :limit")
                .param("word", classification.word())
                .param("before", before.toEpochMilli())
                .param("after", after.completedAt())
                .param("saga", after.sagaId())
                .param("limit", limit)
                .query((row, n) -> new AgedDocument(
                        row.getString("document_id"),
                        row.getString("saga_id"),
                        Instant.ofEpochMilli(row.getLong("finished_at")),
                        row.getBoolean("held")))
                .list();
    }

    /** A place in the order of age. */
    public record Position(long completedAt, String sagaId) {
        public static final Position START = new Position(0, "");

        public static Position of(AgedDocument document) {
            return new Position(document.completedAt().toEpochMilli(), document.sagaId());
        }
    }
}
