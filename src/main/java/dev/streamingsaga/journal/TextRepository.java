package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Optional;
import java.util.OptionalLong;

/** The result of reading the text of each document. Each method is one transaction. */
public final class TextRepository {
    private final JournalDatabase db;
    private final StateTransitions transitions;

    TextRepository(JournalDatabase db, StateTransitions transitions) {
        this.db = db;
        this.transitions = transitions;
    }

    /**
     * Records the outcome, in place of an earlier one.
     *
     * @throws SagaException if the run no longer owns the saga, or the saga has an outcome or is being compensated
     */
    void replace(String sagaId, int run, TextOutcome outcome) {
        db.inTransaction(() -> {
            transitions.requireUpdated(
                    db.sql
                            .sql("UPDATE saga SET updated_at = ? WHERE saga_id = ? AND run = ? AND state NOT IN "
                                    + SagaRepository.finalAnd("COMPENSATING"))
                            .params(db.now(), sagaId, run)
                            .update(),
                    sagaId,
                    run);
            OptionalLong cutAfter = outcome.cutAfter();
            db.sql
                    .sql("INSERT INTO document_text (saga_id, run, segments, title, author, cut_after)"
                            + " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (saga_id) DO UPDATE SET run = excluded.run,"
                            + " segments = excluded.segments, title = excluded.title, author = excluded.author,"
                            + " cut_after = excluded.cut_after")
                    .param(1, sagaId)
                    .param(2, run)
                    .param(3, TextOutcome.encode(outcome.segmentsPerPage()))
                    .param(4, storable(outcome.title()))
                    .param(5, storable(outcome.author()))
                    .param(6, cutAfter.isPresent() ? (Long) cutAfter.getAsLong() : null, Types.BIGINT)
                    .update();
        });
    }

    /** PostgreSQL stores no NUL. */
    private static String storable(String text) {
        return text.replace("\0", "");
    }

    /** Empty if the text was not read to an end yet, or by a version that did not record it. */
    public Optional<TextOutcome> find(String sagaId) {
        return db.sql
                .sql("SELECT segments, title, author, cut_after FROM document_text WHERE saga_id = ?")
                .param(sagaId)
                .query((row, n) -> outcome(row))
                .optional();
    }

    private static TextOutcome outcome(ResultSet row) throws SQLException {
        return new TextOutcome(
                TextOutcome.decode(row.getString("segments")),
                row.getString("title"),
                row.getString("author"),
                cutAfter(row));
    }

    private static OptionalLong cutAfter(ResultSet row) throws SQLException {
        long cutAfter = row.getLong("cut_after");
        return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(cutAfter);
    }
}
