package dev.streamingsaga.backup;

import dev.streamingsaga.database.SqliteSnapshots;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Reads the copied journal: what the bucket and the spool must hold at its moment. Not thread-safe. */
final class JournalCopy implements AutoCloseable {
    /** Completed sagas whose objects were not removed for a newer version or a deletion. */
    private static final String STORED = " saga.state = 'COMPLETED' AND EXISTS (SELECT 1 FROM step"
            + " WHERE step.saga_id = saga.saga_id AND step.name = 'upload' AND step.state = 'WRITTEN')";

    private static final String CURRENT = " AND superseded_by IS NULL AND deletion_id IS NULL";

    private static final String UNFINISHED =
            " state NOT IN ('COMPLETED','COMPENSATED','PARTIALLY_COMPENSATED','COMPENSATING')";

    private final Connection journal;
    private final PreparedStatement saga;
    private final PreparedStatement begun;

    JournalCopy(Path copy) throws SQLException {
        this.journal = SqliteSnapshots.readOnly(copy);
        this.saga = journal.prepareStatement("SELECT" + STORED
                + " AS stored, state IN ('COMPLETED','COMPENSATED') AS ended FROM saga WHERE saga_id = ?");
        this.begun = journal.prepareStatement(
                "SELECT 1 FROM chunk WHERE saga_id = ? AND object_key = ? AND state <> 'PENDING'");
    }

    /**
     * STORED: its objects must be there. CHANGING: it was at work. ENDED: nothing of it is left. UNKNOWN: it began
     * later.
     */
    enum Objects {
        STORED,
        CHANGING,
        ENDED,
        UNKNOWN
    }

    Objects objects(String sagaId) throws SQLException {
        saga.setString(1, sagaId);
        try (ResultSet row = saga.executeQuery()) {
            if (!row.next()) {
                return Objects.UNKNOWN;
            }
            if (row.getBoolean("stored")) {
                return Objects.STORED;
            }
            return row.getBoolean("ended") ? Objects.ENDED : Objects.CHANGING;
        }
    }

    /** Whether an attempt to send this object is journaled; only then a resumed saga accepts it. */
    boolean isSending(String sagaId, String key) throws SQLException {
        begun.setString(1, sagaId);
        begun.setString(2, key);
        try (ResultSet row = begun.executeQuery()) {
            return row.next();
        }
    }

    /** Receives what one row says. */
    @FunctionalInterface
    interface Row {
        void accept(ResultSet row) throws SQLException;
    }

    /** The bucket, key and SHA-256 ({@code bucket}, {@code object_key}, {@code sha256}) of every object of a chunk. */
    void forEachChunk(Row row) throws SQLException {
        forEach(
                "SELECT saga.bucket, chunk.object_key, coalesce(chunk.stored_sha256, chunk.sha256) AS sha256 FROM chunk"
                        + " JOIN saga ON saga.saga_id = chunk.saga_id WHERE" + STORED,
                row);
    }

    /** The sources ({@code source}) of sagas that are at work. */
    void forEachUnfinishedSource(Row row) throws SQLException {
        forEach("SELECT source FROM saga WHERE" + UNFINISHED, row);
    }

    long documents() throws SQLException {
        return count("SELECT count(*) FROM saga WHERE" + STORED + CURRENT);
    }

    long unfinished() throws SQLException {
        return count("SELECT count(*) FROM saga WHERE" + UNFINISHED);
    }

    private void forEach(String query, Row row) throws SQLException {
        try (Statement statement = journal.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                row.accept(rows);
            }
        }
    }

    private long count(String query) throws SQLException {
        try (Statement statement = journal.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    @Override
    public void close() throws SQLException {
        try (Connection closing = journal) {
            saga.close();
            begun.close();
        }
    }
}
