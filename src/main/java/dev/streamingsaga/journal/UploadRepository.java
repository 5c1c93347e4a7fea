package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Bodies that arrive in the bucket before their saga runs. The saga is recorded before the first byte, so that the
 * journal alone can undo what has arrived. A resumable body belongs to no process between two requests; its lease then
 * ends when it expires.
 */
public final class UploadRepository {
    private final Repositories repositories;
    private final JournalDatabase db;

    UploadRepository(Repositories repositories) {
        this.repositories = repositories;
        this.db = repositories.db();
    }

    record Repositories(
            JournalDatabase db,
            SagaRepository sagas,
            EventRepository events,
            SagaRegistration registration,
            ChunkRepository chunks,
            RunRepository runs,
            Leases leases,
            Redeliveries redeliveries,
            VersionRepository versions) {}

    /**
     * What becomes of a complete body.
     *
     * @param source identifies sender, name and content
     * @param skipStored whether a stored document of the same content answers for it; otherwise it is the next version
     *     of the document of its sender and name
     * @param exclusive whether an unfinished saga of the same content answers for it
     * @param timeLimit of the saga, from now on
     * @param request identifies the request that brought the body, see {@link NewSaga}
     * @param delivery how the body was delivered
     */
    public record CompleteBody(
            Document document,
            String source,
            boolean skipStored,
            boolean exclusive,
            Duration timeLimit,
            Optional<String> request,
            DeliveryRequest delivery) {}

    /**
     * Records the saga of a body that is going to arrive.
     *
     * @return empty if the sender has too many incomplete bodies
     */
    public Optional<SagaRecord> begin(NewUpload upload) {
        return db.inTransaction(() -> {
            if (upload.maxOpen() > 0 && !hasRoom(upload.saga().sender().orElse(""), upload.maxOpen())) {
                return Optional.empty();
            }
            SagaRecord saga = repositories.registration().receiveUnclaimed(upload.saga());
            db.sql
                    .sql("INSERT INTO upload (saga_id, resumable, length_bytes, expected_sha256, metadata, expires_at)"
                            + " VALUES (?, ?, ?, ?, ?, ?)")
                    .param(1, saga.sagaId())
                    .param(2, upload.resumable() ? 1 : 0)
                    .param(3, boxed(upload.length()), Types.BIGINT)
                    .param(4, upload.expectedSha256().orElse(null), Types.VARCHAR)
                    .param(5, upload.metadata())
                    .param(6, db.now() + upload.expire().toMillis())
                    .update();
            return Optional.of(saga);
        });
    }

    private static @Nullable Long boxed(OptionalLong value) {
        return value.isPresent() ? (Long) value.getAsLong() : null;
    }

    /** Two requests of a sender are counted one after the other. */
    private boolean hasRoom(String sender, int maxOpen) {
        db.lock("open uploads of " + sender);
        return db.sql
                        .sql(
                                "SELECT count(*) FROM saga JOIN upload ON upload.saga_id = saga.saga_id WHERE saga.sender = ?"
                                        + " AND upload.resumable = 1 AND upload.completed_at IS NULL AND saga.state NOT IN "
                                        + SagaRepository.finalAnd("COMPENSATING"))
                        .param(sender)
                        .query(Integer.class)
                        .single()
                < maxOpen;
    }

    /** The body of a saga, if it is incomplete and was not given up. */
    public Optional<OpenUpload> findOpen(String sagaId) {
        return find(sagaId)
                .filter(upload -> upload.saga().state() != SagaState.COMPENSATING
                        && !upload.saga().state().isFinal());
    }

    /** When the body of the saga was complete; empty if it is not, or the saga has another source. */
    public Optional<Instant> completedAt(String sagaId) {
        return db.sql
                .sql("SELECT completed_at FROM upload WHERE saga_id = ? AND completed_at IS NOT NULL")
                .param(sagaId)
                .query((row, n) -> Instant.ofEpochMilli(row.getLong(1)))
                .optional();
    }

    private Optional<OpenUpload> find(String sagaId) {
        return db.sql
                .sql("SELECT * FROM upload JOIN saga ON saga.saga_id = upload.saga_id WHERE upload.saga_id = ?"
                        + " AND upload.completed_at IS NULL")
                .param(sagaId)
                .query(this::upload)
                .optional();
    }

    private OpenUpload upload(ResultSet row, int n) throws SQLException {
        SagaRecord saga = SagaRepository.saga(row, n);
        long length = row.getLong("length_bytes");
        OptionalLong known = row.wasNull() ? OptionalLong.empty() : OptionalLong.of(length);
        long confirmed = repositories.chunks().confirmed(saga.sagaId()).stream()
                .mapToLong(ChunkRow::sizeBytes)
                .sum();
        return new OpenUpload(
                saga,
                row.getInt("resumable") == 1,
                known,
                Optional.ofNullable(row.getString("expected_sha256")),
                row.getString("metadata"),
                Instant.ofEpochMilli(row.getLong("expires_at")),
                confirmed,
                tail(row).filter(tail -> tail.start() == confirmed));
    }

    /** The tail that was recorded last; a chunk may have replaced it since. */
    private static Optional<OpenUpload.Tail> tail(ResultSet row) throws SQLException {
        String key = row.getString("tail_key");
        return key == null
                ? Optional.empty()
                : Optional.of(new OpenUpload.Tail(
                        key, row.getLong("tail_start"), row.getLong("tail_bytes"), row.getString("tail_sha256")));
    }

    /**
     * Takes a resumable body for one request, as the next run of its saga.
     *
     * @return empty if another request has it, or its saga is paused or over
     */
    public Optional<SagaRecord> take(OpenUpload upload, Duration expire) {
        SagaRecord saga = upload.saga();
        return db.inTransaction(() -> {
            long now = db.now();
            int updated = db.sql
                    .sql("UPDATE saga SET node = ?, run = ?, lease_until = ?, deadline_at = ?, updated_at = ?"
                            + " WHERE saga_id = ? AND run = ? AND node = ? AND state = 'UPLOADING'"
                            + " AND (node = '' OR lease_until < ?) AND " + SagaFormat.KNOWN)
                    .params(
                            repositories.leases().node(),
                            saga.nextRun(),
                            repositories.leases().endMillis(),
                            now + expire.toMillis(),
                            now,
                            saga.sagaId(),
                            saga.run(),
                            saga.node(),
                            now)
                    .update();
            return updated == 1 ? Optional.of(repositories.sagas().get(saga.sagaId())) : Optional.<SagaRecord>empty();
        });
    }

    /**
     * Leaves a resumable body for its next request, to any process, until it expires.
     *
     * @param expire from now on
     */
    public void leave(String sagaId, int run, Duration expire) {
        db.inTransaction(() -> {
            long expiresAt = db.now() + expire.toMillis();
            if (leave(new Holder(sagaId, run, repositories.leases().node()), expiresAt)) {
                db.sql
                        .sql("UPDATE upload SET expires_at = ? WHERE saga_id = ?")
                        .params(expiresAt, sagaId)
                        .update();
            }
        });
    }

    /**
     * As {@link #leave(String, int, Duration)}, for the request of a process that is gone; its expiration stays.
     *
     * @param stale a saga whose lease has expired, or whose process has ended
     * @return false if the body has expired, is not resumable, or its sender does not know it yet
     */
    public boolean leave(SagaRecord stale) {
        return db.inTransaction(() -> findOpen(stale.sagaId())
                .filter(upload -> upload.resumable() && stale.state() != SagaState.RECEIVED)
                .filter(upload -> upload.expiresAt().toEpochMilli() > db.now())
                .filter(upload -> leave(
                        new Holder(stale.sagaId(), stale.run(), stale.node()),
                        upload.expiresAt().toEpochMilli()))
                .filter(upload -> begin(stale.sagaId()))
                .isPresent());
    }

    private record Holder(String sagaId, int run, String node) {}

    /** A paused saga stays paused. */
    private boolean leave(Holder holder, long expiresAt) {
        int next = holder.node().isEmpty() ? holder.run() : holder.run() + 1;
        return db.sql
                        .sql("UPDATE saga SET node = '', run = ?, handovers = handovers + ?, lease_until = ?,"
                                + " deadline_at = ?, updated_at = ? WHERE saga_id = ? AND run = ? AND node = ?"
                                + " AND state NOT IN "
                                + SagaRepository.finalAnd("COMPENSATING"))
                        .params(
                                next,
                                next - holder.run(),
                                expiresAt,
                                expiresAt,
                                db.now(),
                                holder.sagaId(),
                                holder.run(),
                                holder.node())
                        .update()
                == 1;
    }

    /** The saga may be paused. */
    private boolean begin(String sagaId) {
        return db.sql
                        .sql("UPDATE saga SET state = 'UPLOADING' WHERE saga_id = ?")
                        .param(sagaId)
                        .update()
                == 1;
    }

    /**
     * The chunks that the bucket has confirmed without a gap; forgets all others, which are sent again.
     *
     * @param limit number of chunks to keep at most
     */
    public List<ChunkRow> keepConfirmed(String sagaId, int run, int limit) {
        return repositories.chunks().keepConfirmed(sagaId, run, limit);
    }

    /** Records the tail that the bucket has confirmed. It counts until the chunk at its place is confirmed. */
    public void setTail(String sagaId, int run, OpenUpload.Tail tail) {
        db.inTransaction(() -> {
            repositories.leases().requireOwned(sagaId, run);
            db.sql
                    .sql("UPDATE upload SET tail_key = ?, tail_start = ?, tail_bytes = ?, tail_sha256 = ?"
                            + " WHERE saga_id = ?")
                    .params(tail.key(), tail.start(), tail.sizeBytes(), tail.sha256(), sagaId)
                    .update();
        });
    }

    /**
     * Records that the body is complete, so that any process may run its saga from now on. A pending redelivery of the
     * same content ends: this saga is it.
     *
     * @return the saga that answers for the same content, if there is one; this saga is unchanged then
     * @throws SagaException if the run no longer owns the saga
     */
    public Optional<SagaRecord> complete(String sagaId, int run, CompleteBody body) {
        return db.inTransaction(() -> {
            repositories.leases().requireOwned(sagaId, run);
            Optional<SagaRecord> answering =
                    answering(sagaId, body).or(() -> repositories.registration().continueOrAnswer(sagaId, body));
            if (answering.isPresent()) {
                repositories.registration().release(sagaId);
                endRedelivery(body, answering.get());
                return answering;
            }
            repositories.runs().setDocument(sagaId, run, body.document());
            long now = db.now();
            // The saga begins with its first step, as a resumed one does.
            db.sql
                    .sql("UPDATE saga SET state = 'RECEIVED', deadline_at = ?, updated_at = ?, request = ?,"
                            + " source_key = ?, endpoint = COALESCE(endpoint, ?) WHERE saga_id = ?")
                    .param(1, now + body.timeLimit().toMillis())
                    .param(2, now)
                    .param(3, body.request().orElse(null), Types.VARCHAR)
                    .param(4, body.source())
                    .param(5, body.delivery().endpoint().map(Enum::name).orElse(null), Types.VARCHAR)
                    .param(6, sagaId)
                    .update();
            db.sql
                    .sql("UPDATE upload SET completed_at = ?, tail_key = NULL WHERE saga_id = ?")
                    .params(now, sagaId)
                    .update();
            if (!body.skipStored()) {
                repositories.versions().register(repositories.sagas().get(sagaId));
            }
            repositories
                    .events()
                    .append(
                            sagaId,
                            Event.EventKind.STATE,
                            "",
                            "the body is complete: " + body.document().sizeBytes() + " bytes",
                            "");
            return Optional.empty();
        });
    }

    /** The content is or will be stored by another saga than the redelivery that was claimed for it. */
    private void endRedelivery(CompleteBody body, SagaRecord answering) {
        body.delivery()
                .previous()
                .filter(previous -> !previous.equals(answering.sagaId()))
                .ifPresent(previous -> repositories
                        .redeliveries()
                        .replace(previous, "saga " + answering.sagaId() + " has the same content"));
    }

    /** Claims first: another saga commits its outcome before it releases the claim. */
    private Optional<SagaRecord> answering(String sagaId, CompleteBody body) {
        Optional<SagaRecord> holder =
                body.exclusive() ? repositories.registration().claimFor(sagaId, body.source()) : Optional.empty();
        if (holder.isPresent() || !body.skipStored()) {
            return holder;
        }
        return repositories.sagas().storedContent(body.source(), body.document().sha256());
    }
}
