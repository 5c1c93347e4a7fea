package dev.streamingsaga.journal;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Operator commands for sagas, whichever process owns them. */
public final class OperatorCommands {
    private final JournalDatabase db;
    private final StateTransitions transitions;
    private final StepRepository steps;
    private final Leases leases;

    OperatorCommands(JournalDatabase db, StateTransitions transitions, StepRepository steps, Leases leases) {
        this.db = db;
        this.transitions = transitions;
        this.steps = steps;
        this.leases = leases;
    }

    /** Requests a command. The process that owns the saga executes it within about a second. */
    public void request(String sagaId, OperatorCommand command) {
        db.sql
                .sql("UPDATE saga SET wish = ? WHERE saga_id = ? AND state NOT IN " + SagaRepository.FINAL)
                .params(command.name(), sagaId)
                .update();
    }

    public void clear(String sagaId) {
        db.sql
                .sql("UPDATE saga SET wish = NULL WHERE saga_id = ?")
                .param(sagaId)
                .update();
    }

    public Optional<OperatorCommand> find(String sagaId) {
        return db.sql
                .sql("SELECT wish FROM saga WHERE saga_id = ? AND wish IS NOT NULL")
                .param(sagaId)
                .query(String.class)
                .optional()
                .map(OperatorCommand::valueOf);
    }

    /** Sagas with a command that this process has to execute: its own sagas, and those that no process runs. */
    public Map<SagaRecord, OperatorCommand> pending() {
        Map<SagaRecord, OperatorCommand> commands = new LinkedHashMap<>();
        db.sql
                .sql("SELECT * FROM saga WHERE wish IS NOT NULL AND (node = ? OR node = '' OR state = 'PAUSED')"
                        + " AND "
                        + SagaFormat.KNOWN + " AND state NOT IN "
                        + SagaRepository.FINAL + " ORDER BY saga_id")
                .param(leases.node())
                .query((row, n) ->
                        commands.put(SagaRepository.saga(row, n), OperatorCommand.valueOf(row.getString("wish"))))
                .list();
        return commands;
    }

    /** Pauses a saga without compensating it. Only resume or cancel continues it. */
    public boolean pause(String sagaId) {
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
                            + SagaRepository.finalAnd("PAUSED", "COMPENSATING"))
                    .params(db.now(), sagaId)
                    .update();
            clear(sagaId);
            if (updated == 1) {
                steps.stop(sagaId);
                transitions.recordTransition(sagaId, before);
            }
            return updated == 1;
        });
    }
}
