package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.List;
import java.util.Optional;
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
        begins(sagaId, run, new StepBegin(step, sagas.state(sagaId), state), Optional.empty());
    }

    /** A step of the run that has ended. */
    record EndedStep(String name, long atMillis, OptionalLong expected) {}

    /** @param from the state in which the run left the saga */
    record StepBegin(String step, SagaState from, SagaState to) {}

    /**
     * As {@link #begins(String, int, String, SagaState)}, and records the end of the step before.
     *
     * @throws SagaException also if the saga is in another state than {@code from}
     */
    void begins(String sagaId, int run, StepBegin begin, Optional<EndedStep> ended) {
        // Only resume continues a paused saga, and that is another run.
        if (begin.from() == SagaState.PAUSED || !begin.from().canTransitionTo(begin.to())) {
            throw transitions.revoked(sagaId);
        }
        db.inTransaction(() -> {
            if (begin.from() != begin.to()) {
                transitions.requireUpdated(transitions.transition(sagaId, begin.from(), begin.to(), run), sagaId, run);
            }
            String owned = db.owned("= '" + begin.to() + "'");
            int updated = ended.map(before -> advance(sagaId, run, before, begin.step(), owned))
                    .orElseGet(() -> db.sql
                            .sql("UPDATE step SET state = 'WRITING', started_at = ? WHERE saga_id = ? AND name = ?"
                                    + " AND " + owned)
                            .params(db.now(), sagaId, begin.step(), sagaId, run)
                            .update());
            transitions.requireUpdated(updated, sagaId, run);
        });
    }

    private int advance(String sagaId, int run, EndedStep ended, String next, String owned) {
        int updated = db.sql
                .sql("UPDATE step SET state = CASE name WHEN ? THEN 'WRITTEN' ELSE 'WRITING' END,"
                        + " finished_at = CASE name WHEN ? THEN ? ELSE finished_at END,"
                        + " expected = CASE name WHEN ? THEN ? ELSE expected END,"
                        + " started_at = CASE name WHEN ? THEN ? ELSE started_at END"
                        + " WHERE saga_id = ? AND name IN (?, ?) AND " + owned)
                .param(1, ended.name())
                .param(2, ended.name())
                .param(3, ended.atMillis())
                .param(4, ended.name())
                .param(5, boxed(ended.expected()), Types.BIGINT)
                .param(6, next)
                .param(7, db.now())
                .param(8, sagaId)
                .param(9, ended.name())
                .param(10, next)
                .param(11, sagaId)
                .param(12, run)
                .update();
        return updated / 2;
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
        ends(sagaId, run, new EndedStep(step, db.now(), expected));
    }

    void ends(String sagaId, int run, EndedStep step) {
        int updated = db.sql
                .sql("UPDATE step SET state = 'WRITTEN', finished_at = ?, expected = ?"
                        + " WHERE saga_id = ? AND name = ? AND "
                        + db.owned("NOT IN " + SagaRepository.finalAnd("COMPENSATING")))
                .param(1, step.atMillis())
                .param(2, boxed(step.expected()), Types.BIGINT)
                .param(3, sagaId)
                .param(4, step.name())
                .param(5, sagaId)
                .param(6, run)
                .update();
        transitions.requireUpdated(updated, sagaId, run);
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
