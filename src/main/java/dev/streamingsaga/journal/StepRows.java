package dev.streamingsaga.journal;

import java.sql.Types;
import java.util.OptionalLong;

/** Intent and mark of each step, forwards and backwards. */
final class StepRows {
    private final JournalDatabase db;
    private final SagaRows sagas;
    private final Moves moves;

    StepRows(JournalDatabase db, SagaRows sagas, Moves moves) {
        this.db = db;
        this.sagas = sagas;
        this.moves = moves;
    }

    void begins(String sagaId, int run, String step, SagaState state) {
        db.inTransaction(() -> {
            SagaState now = sagas.state(sagaId);
            // Only resume moves a paused saga on, and that is another run.
            if (now == SagaState.PAUSED || !now.mayBecome(state)) {
                throw moves.calledOff(sagaId);
            }
            moves.fenced(moves.move(sagaId, now, state, run), sagaId, run);
            mark(sagaId, step, StepState.WRITING, "started_at");
        });
    }

    void ends(String sagaId, int run, String step, OptionalLong expected) {
        db.inTransaction(() -> {
            moves.fenced(db.sql.sql("UPDATE saga SET updated_at = ? WHERE saga_id = ? AND run = ? AND state NOT IN "
                    + SagaRows.finalAnd("COMPENSATING")).params(db.now(), sagaId, run).update(), sagaId, run);
            mark(sagaId, step, StepState.WRITTEN, "finished_at");
            expects(sagaId, step, expected);
        });
    }

    void expects(String sagaId, String step, OptionalLong pieces) {
        db.sql.sql("UPDATE step SET expected = ? WHERE saga_id = ? AND name = ?")
                .param(1, pieces.isPresent() ? pieces.getAsLong() : null, Types.BIGINT).param(2, sagaId).param(3, step).update();
    }

    private void mark(String sagaId, String step, StepState state, String time) {
        db.sql.sql("UPDATE step SET state = ?, " + time + " = ? WHERE saga_id = ? AND name = ?")
                .params(state.name(), db.now(), sagaId, step).update();
    }

    void compensation(String sagaId, int run, String step, StepState state) {
        db.inTransaction(() -> {
            moves.owned(sagaId, run);
            db.sql.sql("UPDATE step SET state = ? WHERE saga_id = ? AND name = ?").params(state.name(), sagaId, step).update();
        });
    }
}
