package dev.streamingsaga.journal;

import dev.streamingsaga.journal.Journal.Wish;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What people want of sagas, whichever process owns them. */
final class Wishes {
    private final JournalDatabase db;
    private final Moves moves;
    private final StepRows steps;

    Wishes(JournalDatabase db, Moves moves, StepRows steps) {
        this.db = db;
        this.moves = moves;
        this.steps = steps;
    }

    void make(String sagaId, Wish wish) {
        db.sql.sql("UPDATE saga SET wish = ? WHERE saga_id = ? AND state NOT IN " + SagaRows.FINAL).params(wish.name(), sagaId).update();
    }

    void forget(String sagaId) {
        db.sql.sql("UPDATE saga SET wish = NULL WHERE saga_id = ?").param(sagaId).update();
    }

    Optional<Wish> of(String sagaId) {
        return db.sql.sql("SELECT wish FROM saga WHERE saga_id = ? AND wish IS NOT NULL").param(sagaId).query(String.class).optional().map(Wish::valueOf);
    }

    Map<SagaRecord, Wish> of(Leases owner) {
        Map<SagaRecord, Wish> wishes = new LinkedHashMap<>();
        db.sql.sql("SELECT * FROM saga WHERE wish IS NOT NULL AND (node = ? OR state = 'PAUSED') AND state NOT IN " + SagaRows.FINAL + " ORDER BY saga_id")
                .param(owner.node()).query((row, n) -> wishes.put(SagaRows.saga(row, n), Wish.valueOf(row.getString("wish")))).list();
        return wishes;
    }

    boolean pause(String sagaId) {
        return db.inTransaction(() -> {
            SagaState before = db.sql.sql("SELECT state FROM saga WHERE saga_id = ?").param(sagaId).query(String.class).optional()
                    .map(SagaState::valueOf).orElse(SagaState.RECEIVED);
            int won = db.sql.sql("UPDATE saga SET state = 'PAUSED', updated_at = ? WHERE saga_id = ? AND state NOT IN "
                    + SagaRows.finalAnd("PAUSED", "COMPENSATING")).params(db.now(), sagaId).update();
            forget(sagaId);
            if (won == 1) {
                steps.stop(sagaId);
                moves.moved(sagaId, before, SagaState.PAUSED);
            }
            return won == 1;
        });
    }
}
