package dev.streamingsaga.journal;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Registers sagas, and records which saga has claimed a source. */
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

    Journal.RegisteredSaga receive(NewSaga request) {
        String sagaId = Ids.next();
        String source = request.source().toString();
        return db.inTransaction(() -> {
            // Another saga may have released the source between the two queries.
            while (!claim(source, sagaId)
                    && (request.exclusive() || request.once().isPresent())) {
                Optional<SagaRecord> holder = holder(source).flatMap(sagas::find);
                if (holder.isPresent()) {
                    return new Journal.RegisteredSaga(holder.get(), false);
                }
            }
            // Only now: another saga commits its outcome before it releases the source.
            Optional<SagaRecord> ended = request.once()
                    .flatMap(identity -> newest(source))
                    .filter(newest -> newest.identity().equals(request.once()))
                    .map(Journal.NewestSaga::saga);
            if (ended.isPresent()) {
                release(sagaId);
                return new Journal.RegisteredSaga(ended.get(), false);
            }
            insert(sagaId, request);
            events.append(sagaId, Event.EventKind.STATE, "", "RECEIVED", "");
            SagaRecord saga = sagas.get(sagaId);
            JournalDatabase.afterCommit(() -> StateLog.received(saga));
            return new Journal.RegisteredSaga(saga, true);
        });
    }

    private void insert(String sagaId, NewSaga request) {
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
                        now + request.timeLimit().toMillis(),
                        String.join(",", request.participants()),
                        request.source().toString(),
                        request.fileName(),
                        request.owner(),
                        request.classification(),
                        request.keyId(),
                        now,
                        now,
                        request.request().orElse(null),
                        request.sender().orElse(null))
                .update();
        request.once().ifPresent(seen -> recordIdentity(sagaId, seen));
        List<String> steps = steps(request.participants());
        for (int i = 0; i < steps.size(); i++) {
            db.sql
                    .sql("INSERT INTO step (saga_id, name, ordinal, state) VALUES (?, ?, ?, 'PENDING')")
                    .params(sagaId, steps.get(i), i)
                    .update();
        }
    }

    private void recordIdentity(String sagaId, SourceIdentity seen) {
        db.sql
                .sql(
                        "UPDATE saga SET file_key = ?, size_bytes = ?, modified_nanos = ?, changed_nanos = ? WHERE saga_id = ?")
                .params(seen.fileKey(), seen.sizeBytes(), seen.modifiedNanos(), seen.changedNanos(), sagaId)
                .update();
    }

    Optional<Journal.NewestSaga> newest(String source) {
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
