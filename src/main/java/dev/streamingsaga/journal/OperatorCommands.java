package dev.streamingsaga.journal;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What people want of sagas, whichever process owns them. */
final class OperatorCommands {
    private final JournalDatabase db;
    private final StateTransitions moves;
    private final StepRows steps;

    OperatorCommands(JournalDatabase db, StateTransitions moves, StepRows steps) {
        this.db = db;
        this.moves = moves;
        this.steps = steps;
    }

    void request(String sagaId, Journal.OperatorCommand wish) {
        db.sql
                .sql("UPDATE saga SET wish = ? WHERE saga_id = ? AND state NOT IN " + SagaRows.FINAL)
                .params(wish.name(), sagaId)
                .update();
    }

    void clear(String sagaId) {
        db.sql
                .sql("UPDATE saga SET wish = NULL WHERE saga_id = ?")
                .param(sagaId)
                .update();
    }

    Optional<Journal.OperatorCommand> find(String sagaId) {
        return db.sql
                .sql("SELECT wish FROM saga WHERE saga_id = ? AND wish IS NOT NULL")
                .param(sagaId)
                .query(String.class)
                .optional()
                .map(Journal.OperatorCommand::valueOf);
    }

    Map<SagaRecord, Journal.OperatorCommand> find(Leases owner) {
        Map<SagaRecord, Journal.OperatorCommand> wishes = new LinkedHashMap<>();
        db.sql
                .sql("SELECT * FROM saga WHERE wish IS NOT NULL AND (node = ? OR state = 'PAUSED') AND state NOT IN "
                        + SagaRows.FINAL + " ORDER BY saga_id")
                .param(owner.node())
                .query((row, n) ->
                        wishes.put(SagaRows.saga(row, n), Journal.OperatorCommand.valueOf(row.getString("wish"))))
                .list();
        return wishes;
    }

    boolean pause(String sagaId) {
        return db.inTransaction(() -> {
            SagaState before = db.sql
                    .sql("SELECT state FROM saga WHERE saga_id = ?")
                    .param(sagaId)
                    .query(String.class)
                    .optional()
                    .map(SagaState::valueOf)
                    .orElse(SagaState.RECEIVED);
            int won = db.sql
                    .sql("UPDATE saga SET state = 'PAUSED', updated_at = ? WHERE saga_id = ? AND state NOT IN "
                            + SagaRows.finalAnd("PAUSED", "COMPENSATING"))
                    .params(db.now(), sagaId)
                    .update();
            clear(sagaId);
            if (won == 1) {
                steps.stop(sagaId);
                moves.recordTransition(sagaId, before, SagaState.PAUSED);
            }
            return won == 1;
        });
    }
}
