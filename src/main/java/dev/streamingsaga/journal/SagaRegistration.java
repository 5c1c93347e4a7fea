package dev.streamingsaga.journal;

import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.audit.AuditLog;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** Registers sagas, and records which saga has claimed a source. */
public final class SagaRegistration {
    /** Either the new saga, or the unfinished one that has already claimed the source. */
    public record RegisteredSaga(SagaRecord saga, boolean isNew) {}

    /** A saga, and the identity of the file as its last run, or its registration, saw it. */
    public record NewestSaga(SagaRecord saga, Optional<SourceIdentity> identity) {
        /**
         * Whether it was about the file that a host sees now. A file of another host has another device or inode here:
         * size and modification time must agree, and the caller compares the content.
         */
        public boolean isOf(SourceIdentity now, String host) {
            return identity.filter(before -> before.equals(now)
                            || !saga.origin().host().isEmpty()
                                    && !saga.origin().host().equals(host)
                                    && before.mayBeSharedWith(now))
                    .isPresent();
        }
    }

    /** As in the migration that added the column. */
    private static final String MISSING_KEYS = "UPDATE saga SET source_key = CASE"
            + " WHEN sender LIKE 'http:%' AND source LIKE '%/spool/http/%'"
            + " THEN 'http:' || substr(source, length(rtrim(source, replace(source, '/', ''))) + 1)"
            + " WHEN sender LIKE 'jms:%' AND source LIKE '%/spool/jms/%'"
            + " THEN 'jms:' || substr(source, length(rtrim(source, replace(source, '/', ''))) + 1)"
            + " ELSE source END WHERE source_key IS NULL";

    private final JournalDatabase db;
    private final SagaRepository sagas;
    private final EventRepository events;
    private final Leases leases;
    private final Redeliveries redeliveries;
    private final AuditLog audit;

    SagaRegistration(
            JournalDatabase db,
            SagaRepository sagas,
            EventRepository events,
            Leases leases,
            Redeliveries redeliveries,
            AuditLog audit) {
        this.audit = audit;
        this.db = db;
        this.sagas = sagas;
        this.events = events;
        this.leases = leases;
        this.redeliveries = redeliveries;
    }

    /** Records a saga and its steps, and claims its source, before any work begins. */
    public RegisteredSaga receive(NewSaga request) {
        return receive(request, newest -> true);
    }

    /**
     * As {@link #receive(NewSaga)}, but only if no saga about the source has begun or ended since the caller looked. A
     * saga may end between that look and this call, and may have stored the same content.
     *
     * @param seen the newest saga about the source when the caller looked
     * @return the newest saga, not new, if it is another one or has ended since
     */
    public RegisteredSaga receiveIfUnchanged(NewSaga request, Optional<SagaRecord> seen) {
        return receive(
                request,
                newest -> newest.map(SagaRecord::sagaId).equals(seen.map(SagaRecord::sagaId))
                        && newest.map(saga -> saga.state().isFinal())
                                .equals(seen.map(saga -> saga.state().isFinal())));
    }

    private RegisteredSaga receive(NewSaga request, Predicate<Optional<SagaRecord>> unchanged) {
        String sagaId = Ids.next();
        String source = request.origin().key();
        return db.inTransaction(() -> {
            // Another saga may have released the source between the two queries.
            while (!claim(source, sagaId)
                    && (request.exclusive() || request.once().isPresent())) {
                Optional<SagaRecord> holder = holder(source).flatMap(sagas::find);
                if (holder.isPresent()) {
                    return new RegisteredSaga(holder.get(), false);
                }
            }
            // Only now: another saga commits its outcome before it releases the source.
            Optional<NewestSaga> before = newest(source);
            Optional<SagaRecord> ended = request.once()
                    .flatMap(identity -> before.filter(
                            newest -> newest.isOf(identity, request.origin().host())))
                    .map(NewestSaga::saga);
            if (ended.isPresent()) {
                release(sagaId);
                return new RegisteredSaga(ended.get(), false);
            }
            Optional<SagaRecord> newest = before.map(NewestSaga::saga);
            if (newest.isPresent() && !unchanged.test(newest)) {
                release(sagaId);
                return new RegisteredSaga(newest.get(), false);
            }
            Optional<SagaRecord> previous =
                    previous(request.delivery(), request.sender().isPresent(), before);
            if (previous.isPresent() && !redeliveries.start(previous.get().sagaId(), sagaId)) {
                release(sagaId);
                return new RegisteredSaga(redeliveries.latest(previous.get()), false);
            }
            SagaRecord inserted = insert(sagaId, request);
            previous.ifPresent(saga -> continueDelivery(saga, sagaId));
            events.append(sagaId, Event.EventKind.STATE, "", "RECEIVED", "");
            SagaRecord saga = previous.isPresent() ? sagas.get(sagaId) : inserted;
            JournalDatabase.afterCommit(() -> StateLog.received(saga));
            return new RegisteredSaga(saga, true);
        });
    }

    /**
     * The saga whose redelivery the new saga is. A body is the same document if its source is the same; a file on disk
     * only if the caller says so, since it may have changed: then the pending redelivery ends here.
     */
    private Optional<SagaRecord> previous(DeliveryRequest delivery, boolean isBody, Optional<NewestSaga> newest) {
        Optional<SagaRecord> given = delivery.previous().flatMap(sagas::find);
        if (given.isPresent()) {
            return given;
        }
        Optional<SagaRecord> pending =
                newest.map(NewestSaga::saga).filter(saga -> saga.delivery().isPending());
        if (pending.isEmpty() || isBody && pending.get().delivery().isDue()) {
            return pending;
        }
        redeliveries.replace(pending.get().sagaId(), "another saga ingests its source as it is now");
        return Optional.empty();
    }

    /**
     * Makes a saga whose body is complete the next attempt to deliver its document, if a redelivery of it is pending.
     *
     * @return the newest attempt, if another process was faster; empty if this saga runs
     */
    Optional<SagaRecord> continueOrAnswer(String sagaId, UploadRepository.CompleteBody body) {
        Optional<SagaRecord> previous = previous(body.delivery(), true, newest(body.source()));
        if (previous.isPresent() && !redeliveries.start(previous.get().sagaId(), sagaId)) {
            return Optional.of(redeliveries.latest(previous.get()));
        }
        previous.ifPresent(saga -> setAttempt(saga, sagaId));
        return Optional.empty();
    }

    /** The new saga is the next attempt. It keeps the identity of the file, even if it fails before it reads it. */
    private void continueDelivery(SagaRecord previous, String sagaId) {
        setAttempt(previous, sagaId);
        db.sql
                .sql("SELECT * FROM saga WHERE saga_id = ?")
                .param(previous.sagaId())
                .query((row, n) -> SagaRepository.identity(row))
                .single()
                .ifPresent(seen -> recordIdentity(sagaId, seen));
    }

    private void setAttempt(SagaRecord previous, String sagaId) {
        db.sql
                .sql("UPDATE saga SET delivery = ?, attempt = ?, endpoint = COALESCE(endpoint, ?) WHERE saga_id = ?")
                .params(
                        previous.delivery().id(),
                        previous.delivery().attempt() + 1,
                        previous.delivery().endpoint().map(Enum::name).orElse(null),
                        sagaId)
                .update();
    }

    /** Records a saga that claims nothing yet: its document is known only when its body is complete. */
    SagaRecord receiveUnclaimed(NewSaga request) {
        String sagaId = Ids.next();
        SagaRecord saga = insert(sagaId, request);
        events.append(sagaId, Event.EventKind.STATE, "", "RECEIVED", "");
        JournalDatabase.afterCommit(() -> StateLog.received(saga));
        return saga;
    }

    /**
     * Claims the source for a saga that was recorded without one.
     *
     * @return the unfinished saga that has claimed it already; empty if this saga has it now
     */
    Optional<SagaRecord> claimFor(String sagaId, String source) {
        while (!claim(source, sagaId)) {
            Optional<SagaRecord> holder = holder(source).flatMap(sagas::find);
            if (holder.isPresent()) {
                return holder;
            }
        }
        return Optional.empty();
    }

    private SagaRecord insert(String sagaId, NewSaga request) {
        long now = db.now();
        Optional<SourceIdentity> seen = request.origin().identity();
        SagaRecord saga = db.sql
                .sql("""
                INSERT INTO saga (saga_id, state, run, node, lease_until, deadline_at, participants, source, source_key,
                                  source_host, file_name, owner, classification, key_id, received_at, updated_at,
                                  request, sender, format, endpoint, delivery, file_key, size_bytes,
                                  modified_nanos, changed_nanos)
                VALUES (?, 'RECEIVED', 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                RETURNING *""")
                .params(
                        sagaId,
                        leases.node(),
                        leases.endMillis(),
                        now + request.timeLimit().toMillis(),
                        String.join(",", request.participants()),
                        request.source().toString(),
                        request.origin().key(),
                        request.origin().host(),
                        request.fileName(),
                        request.owner(),
                        request.classification(),
                        request.keyId(),
                        now,
                        now,
                        request.request().orElse(null),
                        request.sender().orElse(null),
                        SagaFormat.INITIAL,
                        request.delivery().endpoint().map(Enum::name).orElse(null),
                        sagaId,
                        seen.map(SourceIdentity::fileKey).orElse(null),
                        seen.map(SourceIdentity::sizeBytes).orElse(null),
                        seen.map(SourceIdentity::modifiedNanos).orElse(null),
                        seen.map(SourceIdentity::changedNanos).orElse(null))
                .query(SagaRepository::saga)
                .single();
        insertSteps(sagaId, StepNames.all(request.participants()));
        audit.record(
                request.access().actor(),
                AuditAction.INGEST,
                null,
                sagaId,
                Map.of(
                        "surface",
                        request.access().surface(),
                        "file",
                        request.fileName(),
                        "owner",
                        request.owner(),
                        "classification",
                        request.classification()));
        return saga;
    }

    private void insertSteps(String sagaId, List<String> steps) {
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            values.addAll(List.of(sagaId, steps.get(i), i));
        }
        String rows = String.join(", ", Collections.nCopies(steps.size(), "(?, ?, ?, 'PENDING')"));
        db.sql
                .sql("INSERT INTO step (saga_id, name, ordinal, state) VALUES " + rows)
                .params(values)
                .update();
    }

    private void recordIdentity(String sagaId, SourceIdentity seen) {
        db.sql
                .sql("UPDATE saga SET file_key = ?, size_bytes = ?, modified_nanos = ?, changed_nanos = ?"
                        + " WHERE saga_id = ?")
                .params(seen.fileKey(), seen.sizeBytes(), seen.modifiedNanos(), seen.changedNanos(), sagaId)
                .update();
    }

    /** Names the sources of sagas that a process of the former version registered on this journal. */
    public void completeKeys() {
        db.sql.sql(MISSING_KEYS).update();
    }

    /**
     * The newest saga about a source.
     *
     * @param source see {@link Origin#key}
     */
    public Optional<NewestSaga> newest(String source) {
        return db.sql
                .sql("SELECT * FROM saga WHERE source_key = ? ORDER BY saga_id DESC LIMIT 1")
                .param(source)
                .query((row, n) -> new NewestSaga(SagaRepository.saga(row, n), SagaRepository.identity(row)))
                .optional();
    }

    /** The saga that a request started, see {@link NewSaga}; empty if the request was answered with another saga. */
    public Optional<SagaRecord> requested(String request) {
        return db.sql
                .sql("SELECT * FROM saga WHERE request = ? ORDER BY saga_id DESC LIMIT 1")
                .param(request)
                .query(SagaRepository::saga)
                .optional();
    }

    /** A conflict must not be an error: in PostgreSQL it would end the transaction. */
    private boolean claim(String source, String sagaId) {
        return db.sql
                        .sql("INSERT INTO source_claim (source, saga_id, claimed_at) VALUES (?, ?, ?)"
                                + " ON CONFLICT (source) DO NOTHING")
                        .params(source, sagaId, db.now())
                        .update()
                == 1;
    }

    /**
     * The unfinished saga that has claimed a source.
     *
     * @param source see {@link Origin#key}
     */
    public Optional<String> holder(String source) {
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
