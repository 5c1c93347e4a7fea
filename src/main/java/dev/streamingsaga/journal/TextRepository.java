package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Optional;
import java.util.OptionalLong;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The result of reading the text of each document. Each method is one transaction. */
public final class TextRepository {
    private static final String COMPLETED =
            "EXISTS (SELECT 1 FROM saga WHERE saga_id = ? AND state = '" + SagaState.COMPLETED + "')";

    private final JournalDatabase db;
    private final StateTransitions transitions;

    TextRepository(JournalDatabase db, StateTransitions transitions) {
        this.db = db;
        this.transitions = transitions;
    }

    /**
     * Records the outcome, in place of an earlier one.
     *
     * @return what was recorded
     * @throws SagaException if the run no longer owns the saga, or the saga has an outcome or is being compensated
     */
    TextOutcome replace(String sagaId, int run, TextOutcome read) {
        TextOutcome outcome = storable(read);
        transitions.requireUpdated(
                insert(
                                "SELECT ?, ?, ?, ?, ?, ? WHERE "
                                        + db.owned("NOT IN " + SagaRepository.finalAnd("COMPENSATING"))
                                        + " ON CONFLICT (saga_id) DO UPDATE SET run = excluded.run,"
                                        + " segments = excluded.segments, title = excluded.title,"
                                        + " author = excluded.author, cut_after = excluded.cut_after",
                                sagaId,
                                run,
                                outcome)
                        .param(7, sagaId)
                        .param(8, run)
                        .update(),
                sagaId,
                run);
        return outcome;
    }

    private void requireRunning(String sagaId, int run) {
        transitions.requireUpdated(
                db.sql
                        .sql("UPDATE saga SET updated_at = ? WHERE saga_id = ? AND run = ? AND state NOT IN "
                                + SagaRepository.finalAnd("COMPENSATING"))
                        .params(db.now(), sagaId, run)
                        .update(),
                sagaId,
                run);
    }

    /** @param values with six parameters at its beginning */
    private JdbcClient.StatementSpec insert(String values, String sagaId, int run, TextOutcome outcome) {
        OptionalLong cutAfter = outcome.cutAfter();
        return db.sql
                .sql("INSERT INTO document_text (saga_id, run, segments, title, author, cut_after) " + values)
                .param(1, sagaId)
                .param(2, run)
                .param(3, TextOutcome.encode(outcome.segmentsPerPage()))
                .param(4, outcome.title())
                .param(5, outcome.author())
                .param(6, cutAfter.isPresent() ? (Long) cutAfter.getAsLong() : null, Types.BIGINT);
    }

    /**
     * Forgets the outcome: the text is read again, and split differently.
     *
     * @throws SagaException if the run no longer owns the saga, or the saga has an outcome or is being compensated
     */
    void forget(String sagaId, int run) {
        db.inTransaction(() -> {
            requireRunning(sagaId, run);
            db.sql
                    .sql("DELETE FROM document_text WHERE saga_id = ?")
                    .param(sagaId)
                    .update();
        });
    }

    /** Forgets the outcome of a completed saga, whose text a repair reads again. */
    public void forgetCompleted(String sagaId) {
        db.sql
                .sql("DELETE FROM document_text WHERE saga_id = ? AND " + COMPLETED)
                .params(sagaId, sagaId)
                .update();
    }

    /** Records the outcome of a completed saga, whose text a repair has read again. */
    public void replaceCompleted(String sagaId, int run, TextOutcome outcome) {
        db.inTransaction(() -> {
            forgetCompleted(sagaId);
            insert("SELECT ?, ?, ?, ?, ?, ? WHERE " + COMPLETED, sagaId, run, storable(outcome))
                    .param(7, sagaId)
                    .update();
        });
    }

    /** PostgreSQL stores no NUL. */
    private static TextOutcome storable(TextOutcome outcome) {
        return new TextOutcome(
                outcome.segmentsPerPage(),
                outcome.title().replace("\0", ""),
                outcome.author().replace("\0", ""),
                outcome.cutAfter());
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
