package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The chunk table. Each row has a checksum over the columns that identify the chunk, so that a damaged row is detected
 * before it is used.
 */
public final class ChunkRepository {
    /** The states in which a run writes chunk rows. */
    private static final String UPLOADING = "IN ('UPLOADING','VERIFYING')";

    private static final int ROWS_PER_INSERT = 100;

    private final JournalDatabase db;

    ChunkRepository(JournalDatabase db) {
        this.db = db;
    }

    private record Row(ChunkRow chunk, String rowCheck) {}

    void plan(String sagaId, int run, List<ChunkRow> chunks) {
        db.inTransaction(() -> {
            boolean sent = db.sql
                            .sql("SELECT count(*) FROM chunk WHERE saga_id = ? AND state <> 'PENDING'")
                            .param(sagaId)
                            .query(Long.class)
                            .single()
                    > 0;
            if (sent) {
                return;
            }
            requireOwned(sagaId, run);
            db.sql.sql("DELETE FROM chunk WHERE saga_id = ?").param(sagaId).update();
            insertAll(sagaId, run, chunks);
        });
    }

    /** As {@link #plan} for a saga that has no rows yet. */
    void planFirst(String sagaId, int run, List<ChunkRow> chunks) {
        db.inTransaction(() -> {
            if (chunks.isEmpty()) {
                requireOwned(sagaId, run);
            }
            insertAll(sagaId, run, chunks);
        });
    }

    private void insertAll(String sagaId, int run, List<ChunkRow> chunks) {
        for (int from = 0; from < chunks.size(); from += ROWS_PER_INSERT) {
            insert(sagaId, run, chunks.subList(from, Math.min(from + ROWS_PER_INSERT, chunks.size())));
        }
    }

    /** In one statement. */
    private void insert(String sagaId, int run, List<ChunkRow> chunks) {
        List<Object> values = new ArrayList<>();
        for (ChunkRow chunk : chunks) {
            values.addAll(List.of(
                    sagaId,
                    chunk.index(),
                    chunk.offset(),
                    chunk.sizeBytes(),
                    chunk.key(),
                    chunk.sha256(),
                    check(sagaId, chunk)));
        }
        values.add(sagaId);
        values.add(run);
        String rows = String.join(", ", Collections.nCopies(chunks.size(), "(?, ?, ?, ?, ?, ?, 'PENDING', 0, ?)"));
        requireOwner(
                db.sql
                                .sql("INSERT INTO chunk (saga_id, idx, byte_offset, size_bytes, object_key, sha256,"
                                        + " state, attempts, row_check) SELECT * FROM (VALUES " + rows
                                        + ") AS planned WHERE " + db.owned(UPLOADING))
                                .params(values)
                                .update()
                        == chunks.size(),
                sagaId,
                run);
    }

    /** Adds the next chunk of a body that is arriving. */
    void add(String sagaId, int run, ChunkRow chunk) {
        insert(sagaId, run, List.of(chunk));
    }

    /**
     * The chunks that the bucket has confirmed without a gap. Deletes the rows of all others: an earlier run sent them
     * without an answer, or after one that got none. They are sent again under the same keys.
     */
    List<ChunkRow> keepConfirmed(String sagaId, int run, int limit) {
        return db.inTransaction(() -> {
            requireOwned(sagaId, run);
            List<ChunkRow> all = confirmed(sagaId);
            List<ChunkRow> confirmed = List.copyOf(all.subList(0, Math.min(limit, all.size())));
            db.sql
                    .sql("DELETE FROM chunk WHERE saga_id = ? AND idx >= ?")
                    .params(sagaId, confirmed.size())
                    .update();
            return confirmed;
        });
    }

    /** The chunks from the first that the bucket has confirmed without a gap. */
    List<ChunkRow> confirmed(String sagaId) {
        List<ChunkRow> confirmed = new ArrayList<>();
        for (ChunkRow row : all(sagaId)) {
            if (row.index() != confirmed.size() || row.state() != ChunkRow.ChunkState.SENT) {
                break;
            }
            confirmed.add(row);
        }
        return confirmed;
    }

    void sending(String sagaId, int run, int index, int attempt, Optional<StoredForm> form) {
        requireFenced(
                sagaId,
                run,
                form(
                                sagaId,
                                index,
                                form,
                                "state = 'SENDING', attempts = " + attempt + ", ",
                                " AND " + db.owned(UPLOADING))
                        .param(7, sagaId)
                        .param(8, run)
                        .update());
    }

    /** The intent to write a chunk of a completed saga again. */
    public void repairing(String sagaId, int index, Optional<StoredForm> form) {
        if (form.isPresent()) {
            raiseFormat(sagaId);
        }
        requireRow(form(sagaId, index, form, "", "").update(), sagaId);
    }

    /**
     * A statement with six parameters.
     *
     * @param others columns that change as well, ending in a comma
     */
    private JdbcClient.StatementSpec form(
            String sagaId, int index, Optional<StoredForm> form, String others, String condition) {
        return db.sql
                .sql("UPDATE chunk SET " + others + "etag = NULL, codec = ?, encryption = ?,"
                        + " stored_size = ?, stored_sha256 = ? WHERE saga_id = ? AND idx = ?" + condition)
                .param(1, form.map(StoredForm::codec).orElse(null), Types.VARCHAR)
                .param(2, form.map(StoredForm::encryption).orElse(null), Types.VARCHAR)
                .param(3, form.map(StoredForm::sizeBytes).orElse(null), Types.BIGINT)
                .param(4, form.map(StoredForm::sha256).orElse(null), Types.VARCHAR)
                .param(5, sagaId)
                .param(6, index);
    }

    /** From now on older versions leave the saga alone: they would take its stored forms for damage. */
    void raiseFormat(String sagaId) {
        db.sql
                .sql("UPDATE saga SET format = ? WHERE saga_id = ? AND format < ?")
                .params(SagaFormat.SEALED, sagaId, SagaFormat.SEALED)
                .update();
    }

    void sent(String sagaId, int run, int index, Optional<String> etag) {
        requireFenced(
                sagaId,
                run,
                db.sql
                        .sql("UPDATE chunk SET state = 'SENT', etag = ? WHERE saga_id = ? AND idx = ? AND "
                                + db.owned(UPLOADING))
                        .param(1, etag.orElse(null), Types.VARCHAR)
                        .param(2, sagaId)
                        .param(3, index)
                        .param(4, sagaId)
                        .param(5, run)
                        .update());
    }

    void verified(String sagaId, int run) {
        int updated = db.sql
                .sql("UPDATE chunk SET state = 'VERIFIED' WHERE saga_id = ? AND " + db.owned(UPLOADING))
                .params(sagaId, sagaId, run)
                .update();
        if (updated == 0) {
            requireOwned(sagaId, run); // an empty document has no rows
        }
    }

    /** @throws SagaException if the statement changed nothing: the run may no longer write, or the row is lost */
    private void requireFenced(String sagaId, int run, int updated) {
        if (updated != 1) {
            requireOwned(sagaId, run);
            requireRow(updated, sagaId);
        }
    }

    /** Chunks that the bucket confirmed so far. */
    public int sent(String sagaId) {
        return db.sql
                .sql("SELECT count(*) FROM chunk WHERE saga_id = ? AND state IN ('SENT','VERIFIED')")
                .param(sagaId)
                .query(Integer.class)
                .single();
    }

    /** The chunks of these sagas that the bucket confirmed so far; a saga without such chunks is absent. */
    public Map<String, ChunkTally> sentOf(Collection<String> sagaIds) {
        Map<String, ChunkTally> sent = new HashMap<>();
        if (!sagaIds.isEmpty()) {
            db.sql
                    .sql("SELECT saga_id, count(*) AS chunks, sum(size_bytes) AS bytes FROM chunk"
                            + " WHERE saga_id IN (:ids) AND state IN ('SENT','VERIFIED') GROUP BY saga_id")
                    .param("ids", sagaIds)
                    .query((row, n) -> sent.put(
                            row.getString("saga_id"), new ChunkTally(row.getInt("chunks"), row.getLong("bytes"))))
                    .list();
        }
        return sent;
    }

    /** Keys of chunks whose last attempt got no answer. */
    public List<String> unanswered(String sagaId) {
        return db.sql
                .sql("SELECT object_key FROM chunk WHERE saga_id = ? AND state = 'SENDING'")
                .param(sagaId)
                .query(String.class)
                .list();
    }

    /** How many of the saga's chunks are in each state, and how many bytes; damaged rows count too. */
    public Map<ChunkRow.ChunkState, ChunkTally> tally(String sagaId) {
        Map<ChunkRow.ChunkState, ChunkTally> tally = new EnumMap<>(ChunkRow.ChunkState.class);
        db.sql
                .sql("SELECT state, count(*) AS chunks, sum(size_bytes) AS bytes FROM chunk WHERE saga_id = ?"
                        + " AND state IN ('PENDING','SENDING','SENT','VERIFIED') GROUP BY state")
                .param(sagaId)
                .query((row, n) -> tally.put(
                        ChunkRow.ChunkState.valueOf(row.getString("state")),
                        new ChunkTally(row.getInt("chunks"), row.getLong("bytes"))))
                .list();
        return tally;
    }

    /**
     * The saga's chunks by index.
     *
     * @throws SagaException METADATA_CORRUPT if a row is damaged
     */
    public List<ChunkRow> all(String sagaId) {
        List<Row> rows = db.sql
                .sql("SELECT * FROM chunk WHERE saga_id = ? ORDER BY idx")
                .param(sagaId)
                .query(ChunkRepository::row)
                .list();
        for (Row row : rows) {
            if (!check(sagaId, row.chunk()).equals(row.rowCheck())) {
                throw new SagaException(
                        Reason.METADATA_CORRUPT,
                        "the journal's row of chunk " + row.chunk().index() + " of saga " + sagaId
                                + " is damaged; compensating from what the bucket lists");
            }
        }
        return rows.stream().map(Row::chunk).toList();
    }

    /**
     * Object keys of the saga's chunks, damaged rows included, for the compensation, which deletes every key that is
     * known from anywhere.
     */
    public List<String> keys(String sagaId) {
        return db.sql
                .sql("SELECT object_key FROM chunk WHERE saga_id = ? AND state <> 'PENDING'")
                .param(sagaId)
                .query(String.class)
                .list();
    }

    private static Row row(ResultSet row, int n) throws SQLException {
        ChunkRow.ChunkState state;
        try {
            state = ChunkRow.ChunkState.valueOf(row.getString("state"));
        } catch (IllegalArgumentException e) {
            throw new SagaException(
                    Reason.METADATA_CORRUPT,
                    "the journal's row of chunk " + row.getInt("idx")
                            + " has an unknown state; compensating from what the bucket lists",
                    e);
        }
        return new Row(
                new ChunkRow(
                        row.getInt("idx"),
                        row.getLong("byte_offset"),
                        row.getLong("size_bytes"),
                        row.getString("object_key"),
                        row.getString("sha256"),
                        state,
                        row.getInt("attempts"),
                        Optional.ofNullable(row.getString("etag")),
                        storedForm(row)),
                row.getString("row_check"));
    }

    private static Optional<StoredForm> storedForm(ResultSet row) throws SQLException {
        String sha256 = row.getString("stored_sha256");
        return sha256 == null
                ? Optional.empty()
                : Optional.of(new StoredForm(
                        row.getString("codec"), row.getString("encryption"), row.getLong("stored_size"), sha256));
    }

    private static String check(String sagaId, ChunkRow chunk) {
        return Ids.sha256(sagaId + "|" + chunk.index() + "|" + chunk.offset() + "|" + chunk.sizeBytes() + "|"
                        + chunk.key() + "|" + chunk.sha256())
                .substring(0, 16);
    }

    /**
     * Blocks a takeover of the saga until the transaction ends; a takeover that was committed earlier is detected here.
     */
    private void requireOwned(String sagaId, int run) {
        boolean owned = db.sql
                .sql("SELECT run FROM saga WHERE saga_id = ? AND run = ? AND state " + UPLOADING + db.forShare())
                .params(sagaId, run)
                .query(Integer.class)
                .optional()
                .isPresent();
        requireOwner(owned, sagaId, run);
    }

    private static void requireOwner(boolean owned, String sagaId, int run) {
        if (!owned) {
            throw new SagaException(
                    Reason.CANCELLED,
                    "run " + run + " of saga " + sagaId + " may no longer write chunk rows; it stops here");
        }
    }

    private static void requireRow(int updated, String sagaId) {
        if (updated != 1) {
            throw new SagaException(
                    Reason.METADATA_CORRUPT,
                    "the journal lost a chunk row of saga " + sagaId + "; compensating from what the bucket lists");
        }
    }
}
