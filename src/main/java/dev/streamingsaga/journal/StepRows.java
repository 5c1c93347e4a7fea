package dev.streamingsaga.journal;

import java.sql.Types;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The beginning and end of each step, in the saga and in its compensation. */
final class StepRows {
    private final JournalDatabase db;
    private final SagaRows sagas;
    private final StateTransitions transitions;

    StepRows(JournalDatabase db, SagaRows sagas, StateTransitions transitions) {
        this.db = db;
        this.sagas = sagas;
        this.transitions = transitions;
    }

    void begins(String sagaId, int run, String step, SagaState state) {
        db.inTransaction(() -> {
            SagaState current = sagas.state(sagaId);
            // Only resume continues a paused saga, and that is another run.
            if (current == SagaState.PAUSED || !current.canTransitionTo(state)) {
                throw transitions.revoked(sagaId);
            }
            transitions.requireUpdated(transitions.transition(sagaId, current, state, run), sagaId, run);
            db.sql
                    .sql("UPDATE step SET state = ?, started_at = ? WHERE saga_id = ? AND name = ?")
                    .params(StepState.WRITING.name(), db.now(), sagaId, step)
                    .update();
        });
    }

    /** Marks the steps that were being written as stopped. */
    void stop(String sagaId) {
        db.sql
                .sql("UPDATE step SET stopped_at = ? WHERE saga_id = ? AND state = ?")
                .params(db.now(), sagaId, StepState.WRITING.name())
                .update();
    }

    void ends(String sagaId, int run, String step, OptionalLong expected) {
        db.inTransaction(() -> {
            transitions.requireUpdated(
                    db.sql
                            .sql("UPDATE saga SET updated_at = ? WHERE saga_id = ? AND run = ? AND state NOT IN "
                                    + SagaRows.finalAnd("COMPENSATING"))
                            .params(db.now(), sagaId, run)
                            .update(),
                    sagaId,
                    run);
            db.sql
                    .sql("UPDATE step SET state = ?, finished_at = ?, expected = ? WHERE saga_id = ? AND name = ?")
                    .param(1, StepState.WRITTEN.name())
                    .param(2, db.now())
                    .param(3, boxed(expected), Types.BIGINT)
                    .param(4, sagaId)
                    .param(5, step)
                    .update();
        });
    }

    void expects(String sagaId, String step, OptionalLong pieces) {
        db.sql
                .sql("UPDATE step SET expected = ? WHERE saga_id = ? AND name = ?")
                .param(1, boxed(pieces), Types.BIGINT)
                .param(2, sagaId)
                .param(3, step)
                .update();
    }

    private static @Nullable Long boxed(OptionalLong pieces) {
        return pieces.isPresent() ? (Long) pieces.getAsLong() : null;
    }

    void compensation(String sagaId, int run, String step, StepState state) {
        db.inTransaction(() -> {
            transitions.requireOwned(sagaId, run);
            db.sql
                    .sql("UPDATE step SET state = ? WHERE saga_id = ? AND name = ?")
                    .params(state.name(), sagaId, step)
                    .update();
        });
    }
}
