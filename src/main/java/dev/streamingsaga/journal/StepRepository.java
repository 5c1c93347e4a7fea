package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The beginning and end of each step, in the saga and in its compensation. */
public final class StepRepository {
    private final JournalDatabase db;
    private final SagaRepository sagas;
    private final StateTransitions transitions;

    StepRepository(JournalDatabase db, SagaRepository sagas, StateTransitions transitions) {
        this.db = db;
        this.sagas = sagas;
        this.transitions = transitions;
    }

    /**
     * Records that a step begins, and the saga's state in it.
     *
     * @throws SagaException if the run no longer owns the saga, or the saga was cancelled or paused
     */
    public void begins(String sagaId, int run, String step, SagaState state) {
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

    /**
     * Records that a step has ended.
     *
     * @param expected number of pieces that its store reported
     */
    public void ends(String sagaId, int run, String step, OptionalLong expected) {
        db.inTransaction(() -> {
            transitions.requireUpdated(
                    db.sql
                            .sql("UPDATE saga SET updated_at = ? WHERE saga_id = ? AND run = ? AND state NOT IN "
                                    + SagaRepository.finalAnd("COMPENSATING"))
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

    /** Records the number of pieces that a store reported when a repair rewrote it. */
    public void expects(String sagaId, String step, OptionalLong pieces) {
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

    /** Records a step's state during a compensation. */
    public void compensation(String sagaId, int run, String step, StepState state) {
        db.inTransaction(() -> {
            transitions.requireOwned(sagaId, run);
            db.sql
                    .sql("UPDATE step SET state = ? WHERE saga_id = ? AND name = ?")
                    .params(state.name(), sagaId, step)
                    .update();
        });
    }

    /**
     * Whether a run of the saga needs its source: until the step {@code verify} has checked all chunks in the bucket. A
     * later run may send a chunk again that the bucket has lost since; then it needs the source again. A document whose
     * bytes went straight to the bucket has no other source.
     */
    public boolean needsSource(SagaRecord saga) {
        if (saga.document().filter(document -> !document.hasFile()).isPresent()) {
            return false;
        }
        return saga.document()
                .filter(document -> db.sql
                                .sql("SELECT count(*) FROM chunk WHERE saga_id = ? AND state = 'VERIFIED'")
                                .param(saga.sagaId())
                                .query(Integer.class)
                                .single()
                        == document.chunkCount())
                .isEmpty();
    }

    /** The saga's steps, in order. */
    public List<StepRecord> of(String sagaId) {
        return db.sql
                .sql("SELECT * FROM step WHERE saga_id = ? ORDER BY ordinal")
                .param(sagaId)
                .query((row, n) -> new StepRecord(
                        row.getString("name"),
                        row.getInt("ordinal"),
                        StepState.valueOf(row.getString("state")),
                        SagaRepository.time(row, "started_at"),
                        SagaRepository.time(row, "finished_at"),
                        SagaRepository.time(row, "stopped_at"),
                        number(row, "expected")))
                .list();
    }

    private static OptionalLong number(ResultSet row, String column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(value);
    }
}
