package dev.streamingsaga.journal;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Operator commands for sagas, whichever process owns them. */
final class OperatorCommands {
    private final JournalDatabase db;
    private final StateTransitions transitions;
    private final StepRows steps;

    OperatorCommands(JournalDatabase db, StateTransitions transitions, StepRows steps) {
        this.db = db;
        this.transitions = transitions;
        this.steps = steps;
    }

    void request(String sagaId, Journal.OperatorCommand command) {
        db.sql
                .sql("UPDATE saga SET wish = ? WHERE saga_id = ? AND state NOT IN " + SagaRows.FINAL)
                .params(command.name(), sagaId)
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
        Map<SagaRecord, Journal.OperatorCommand> commands = new LinkedHashMap<>();
        db.sql
                .sql("SELECT * FROM saga WHERE wish IS NOT NULL AND (node = ? OR state = 'PAUSED') AND state NOT IN "
                        + SagaRows.FINAL + " ORDER BY saga_id")
                .param(owner.node())
                .query((row, n) ->
                        commands.put(SagaRows.saga(row, n), Journal.OperatorCommand.valueOf(row.getString("wish"))))
                .list();
        return commands;
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
            int updated = db.sql
                    .sql("UPDATE saga SET state = 'PAUSED', updated_at = ? WHERE saga_id = ? AND state NOT IN "
                            + SagaRows.finalAnd("PAUSED", "COMPENSATING"))
                    .params(db.now(), sagaId)
                    .update();
            clear(sagaId);
            if (updated == 1) {
                steps.stop(sagaId);
                transitions.recordTransition(sagaId, before, SagaState.PAUSED);
            }
            return updated == 1;
        });
    }
}
