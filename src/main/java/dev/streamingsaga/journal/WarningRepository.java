package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The warnings about the text of documents. Each method is one transaction. */
public final class WarningRepository {
    private final JournalDatabase db;
    private final StateTransitions transitions;

    WarningRepository(JournalDatabase db, StateTransitions transitions) {
        this.db = db;
        this.transitions = transitions;
    }

    /**
     * Replaces all warnings of a saga.
     *
     * @throws SagaException if the run no longer owns the saga, or the saga has an outcome or is being compensated
     */
    void replace(String sagaId, int run, List<Warning> warnings) {
        String codes = warnings.stream()
                .map(warning -> warning.code().name())
                .distinct()
                .collect(Collectors.joining(","));
        db.inTransaction(() -> {
            transitions.requireUpdated(
                    db.sql
                            .sql("UPDATE saga SET warning_count = ?, warning_codes = ?, updated_at = ?"
                                    + " WHERE saga_id = ? AND run = ? AND state NOT IN "
                                    + SagaRepository.finalAnd("COMPENSATING"))
                            .params(warnings.size(), codes, db.now(), sagaId, run)
                            .update(),
                    sagaId,
                    run);
            db.sql.sql("DELETE FROM warning WHERE saga_id = ?").param(sagaId).update();
            for (int i = 0; i < warnings.size(); i++) {
                insert(sagaId, i, warnings.get(i));
            }
        });
    }

    private void insert(String sagaId, int ordinal, Warning warning) {
        db.sql
                .sql("INSERT INTO warning (saga_id, ordinal, code, place, message) VALUES (?, ?, ?, ?, ?)")
                .params(sagaId, ordinal, warning.code().name(), warning.place(), warning.message())
                .update();
    }

    /** The warnings of a saga, in order, without those whose code only a newer version knows. */
    public List<Warning> of(String sagaId) {
        return db
                .sql
                .sql("SELECT code, place, message FROM warning WHERE saga_id = ? ORDER BY ordinal")
                .param(sagaId)
                .query((row, n) -> warning(row))
                .list()
                .stream()
                .flatMap(Optional::stream)
                .toList();
    }

    private static Optional<Warning> warning(ResultSet row) throws SQLException {
        String place = row.getString("place");
        String message = row.getString("message");
        return WarningCode.find(row.getString("code")).map(code -> new Warning(code, place, message));
    }
}
