package dev.streamingsaga.journal;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Takes sagas in, and knows which one holds a source. */
final class SagaRegistration {
    private final JournalDatabase db;
    private final SagaRows sagas;
    private final EventRows events;
    private final Leases leases;

    SagaRegistration(JournalDatabase db, SagaRows sagas, EventRows events, Leases leases) {
        this.db = db;
        this.sagas = sagas;
        this.events = events;
        this.leases = leases;
    }

    Journal.RegisteredSaga receive(NewSaga wanted) {
        String sagaId = Ids.next();
        String source = wanted.source().toString();
        return db.inTransaction(() -> {
            // Whoever held it may have let go between the two looks.
            while (!claim(source, sagaId)
                    && (wanted.exclusive() || wanted.once().isPresent())) {
                Optional<SagaRecord> holder = holder(source).flatMap(sagas::find);
                if (holder.isPresent()) {
                    return new Journal.RegisteredSaga(holder.get(), false);
                }
            }
            // Only now: whoever held the source has committed its outcome before it let go.
            Optional<SagaRecord> ended = wanted.once()
                    .flatMap(now -> seen(source))
                    .filter(seen -> seen.identity().equals(wanted.once()))
                    .map(Journal.NewestSaga::saga);
            if (ended.isPresent()) {
                release(sagaId);
                return new Journal.RegisteredSaga(ended.get(), false);
            }
            insert(sagaId, wanted);
            events.append(sagaId, Event.EventKind.STATE, "", "RECEIVED", "");
            SagaRecord saga = sagas.get(sagaId);
            JournalDatabase.afterCommit(() -> StateLog.received(saga));
            return new Journal.RegisteredSaga(saga, true);
        });
    }

    private void insert(String sagaId, NewSaga wanted) {
        long now = db.now();
        db.sql
                .sql("""
                INSERT INTO saga (saga_id, state, run, node, lease_until, deadline_at, participants, source, file_name,
                                  owner, classification, key_id, received_at, updated_at, request, sender)
                VALUES (?, 'RECEIVED', 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""")
                .params(
                        sagaId,
                        leases.node(),
                        leases.endMillis(),
                        now + wanted.timeLimit().toMillis(),
                        String.join(",", wanted.participants()),
                        wanted.source().toString(),
                        wanted.fileName(),
                        wanted.owner(),
                        wanted.classification(),
                        wanted.keyId(),
                        now,
                        now,
                        wanted.request().orElse(null),
                        wanted.sender().orElse(null))
                .update();
        wanted.once().ifPresent(seen -> remember(sagaId, seen));
        List<String> steps = steps(wanted.participants());
        for (int i = 0; i < steps.size(); i++) {
            db.sql
                    .sql("INSERT INTO step (saga_id, name, ordinal, state) VALUES (?, ?, ?, 'PENDING')")
                    .params(sagaId, steps.get(i), i)
                    .update();
        }
    }

    private void remember(String sagaId, SourceIdentity seen) {
        db.sql
                .sql(
                        "UPDATE saga SET file_key = ?, size_bytes = ?, modified_nanos = ?, changed_nanos = ? WHERE saga_id = ?")
                .params(seen.fileKey(), seen.sizeBytes(), seen.modifiedNanos(), seen.changedNanos(), sagaId)
                .update();
    }

    Optional<Journal.NewestSaga> seen(String source) {
        return db.sql
                .sql("SELECT * FROM saga WHERE source = ? ORDER BY saga_id DESC LIMIT 1")
                .param(source)
                .query((row, n) -> new Journal.NewestSaga(SagaRows.saga(row, n), SagaRows.identity(row)))
                .optional();
    }

    Optional<SagaRecord> requested(String request) {
        return db.sql
                .sql("SELECT * FROM saga WHERE request = ? ORDER BY saga_id DESC LIMIT 1")
                .param(request)
                .query(SagaRows::saga)
                .optional();
    }

    static List<String> steps(List<String> participants) {
        return Stream.of(List.of("validate", "start", "upload", "verify"), participants, List.of("finalize"))
                .flatMap(List::stream)
                .toList();
    }

    /** A conflict must not be an error: in PostgreSQL it would end the transaction. */
    private boolean claim(String source, String sagaId) {
        return db.sql
                        .sql(
                                "INSERT INTO source_claim (source, saga_id, claimed_at) VALUES (?, ?, ?) ON CONFLICT (source) DO NOTHING")
                        .params(source, sagaId, db.now())
                        .update()
                == 1;
    }

    Optional<String> holder(String source) {
        return db.sql
                .sql("SELECT saga_id FROM source_claim WHERE source = ?")
                .param(source)
                .query(String.class)
                .optional();
    }

    void release(String sagaId) {
        db.sql.sql("DELETE FROM source_claim WHERE saga_id = ?").param(sagaId).update();
    }
}
