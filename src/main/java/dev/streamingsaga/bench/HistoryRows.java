package dev.streamingsaga.bench;

import com.github.f4b6a3.ulid.UlidCreator;
import dev.streamingsaga.database.Databases.OpenDatabase;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.StoreNames;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Fills a journal with ended sagas: copies of the rows of its only saga, which must be completed. The copies are older,
 * ten seconds apart. One in five is compensated; of these, some have an open clean-up entry.
 */
final class HistoryRows {
    private static final int STEP_MILLIS = 10_000;
    private static final int EVENTS = 10;
    private static final int BATCH = 1000;
    private static final long NEVER = Long.MAX_VALUE / 2;

    /** Tables with a row or more for each completed saga, and their primary key if it is an id of its own. */
    private static final Map<String, String> TABLES = new LinkedHashMap<>();

    static {
        List.of("saga", "step", "chunk", "document_text", "document_version", "receipt")
                .forEach(table -> TABLES.put(table, ""));
        TABLES.put("event", "event_id");
    }

    private final JdbcTemplate sql;
    private final OpenDatabase database;
    private final String sagaId;
    private final String documentId;
    private final Map<String, PreparedStatement> inserts = new HashMap<>();

    HistoryRows(OpenDatabase database) {
        this.database = database;
        this.sql = new JdbcTemplate(database.dataSource());
        Map<String, Object> saga = sql.queryForMap("SELECT * FROM saga WHERE state = 'COMPLETED'");
        this.sagaId = text(Objects.requireNonNull(saga.get("saga_id")));
        this.documentId = text(Objects.requireNonNull(saga.get("document_id")));
    }

    /** How a copy ended. */
    private enum End {
        COMPLETED,
        COMPENSATED,
        PARTIALLY_COMPENSATED
    }

    /** One copy of the saga. */
    private record Copy(int number, int age, String sagaId, End end) {
        static Copy of(int number, int sagas, int residue) {
            End end = number % 5 != 2
                    ? End.COMPLETED
                    : number / 5 < residue ? End.PARTIALLY_COMPENSATED : End.COMPENSATED;
            int age = (sagas - number) * (STEP_MILLIS / 1000);
            return new Copy(number, age, id(age), end);
        }

        long ageMillis() {
            return age * 1000L;
        }
    }

    private static String id(int age) {
        return UlidCreator.getUlid(System.currentTimeMillis() - age * 1000L)
                .toString()
                .toLowerCase(Locale.ROOT);
    }

    private static String text(Object value) {
        return String.valueOf(value);
    }

    /**
     * @param sagas number of copies
     * @param residue number of copies with an open clean-up entry; at most a fifth
     */
    void copy(int sagas, int residue) throws SQLException {
        Map<String, List<Map<String, Object>>> rows = new LinkedHashMap<>();
        TABLES.keySet()
                .forEach(table ->
                        rows.put(table, sql.queryForList("SELECT * FROM " + table + " WHERE saga_id = ?", sagaId)));
        List<Map<String, Object>> audit =
                sql.queryForList("SELECT * FROM audit_entry WHERE saga_id = ? ORDER BY seq", sagaId);
        long auditSequence = sql.queryForObject("SELECT seq FROM audit_head", Long.class);
        try (Connection connection = database.dataSource().getConnection()) {
            connection.setAutoCommit(false);
            for (int i = 0; i < sagas; i++) {
                Copy copy = Copy.of(i, sagas, residue);
                for (Map.Entry<String, List<Map<String, Object>>> table : rows.entrySet()) {
                    insert(connection, table.getKey(), table.getValue(), copy);
                }
                for (Map<String, Object> row : audit) {
                    Map<String, Object> entry = copied("audit_entry", row, copy);
                    entry.put("seq", ++auditSequence);
                    add(connection, "audit_entry", entry);
                }
                if (copy.end() == End.PARTIALLY_COMPENSATED) {
                    add(connection, "cleanup", cleanup(copy));
                }
                if ((i + 1) % BATCH == 0) {
                    flush(connection);
                }
            }
            flush(connection);
            for (PreparedStatement insert : inserts.values()) {
                insert.close();
            }
        }
        sql.update("UPDATE audit_head SET seq = ?", auditSequence);
        sql.update("UPDATE receipt_head SET sequence = (SELECT max(sequence) FROM receipt)");
    }

    private void flush(Connection connection) throws SQLException {
        for (String table : List.of(
                "saga",
                "step",
                "chunk",
                "document_text",
                "document_version",
                "receipt",
                "event",
                "audit_entry",
                "cleanup")) {
            PreparedStatement insert = inserts.get(table);
            if (insert != null) {
                insert.executeBatch();
            }
        }
        connection.commit();
    }

    private void insert(Connection connection, String table, List<Map<String, Object>> rows, Copy copy)
            throws SQLException {
        if (copy.end() != End.COMPLETED
                && List.of("document_version", "receipt").contains(table)) {
            return;
        }
        int copies = table.equals("event") ? EVENTS : rows.size();
        for (int i = 0; i < copies; i++) {
            add(connection, table, copied(table, rows.get(i % rows.size()), copy));
        }
    }

    private Map<String, Object> copied(String table, Map<String, Object> row, Copy copy) {
        Map<String, Object> copied = new LinkedHashMap<>();
        row.forEach((column, value) -> copied.put(column, changed(column, value, copy)));
        String key = TABLES.getOrDefault(table, "");
        if (!key.isEmpty()) {
            copied.put(key, id(copy.age()));
        }
        if (table.equals("receipt")) {
            copied.put("sequence", copy.number() + 2);
        }
        if (table.equals("saga")) {
            copied.put("file_name", "history-" + copy.number() + ".txt");
            end(copied, copy);
        }
        return copied;
    }

    private static void end(Map<String, Object> saga, Copy copy) {
        if (copy.end() == End.COMPLETED) {
            saga.put("receipt_sequence", copy.number() + 2);
            return;
        }
        saga.put("state", SagaState.valueOf(copy.end().name()).name());
        saga.put("reason", "MAX_RETRIES_EXCEEDED");
        saga.put("message", "the bucket did not answer");
        saga.put("published_at", null);
        saga.put("receipt_sequence", null);
        saga.put("swept_at", saga.get("finished_at"));
    }

    private Object changed(String column, Object value, Copy copy) {
        if (value instanceof Number time && column.endsWith("_at")) {
            return Math.max(0, time.longValue() - copy.ageMillis());
        }
        if (!(value instanceof String text)) {
            return value;
        }
        String copied = text.replace(sagaId, copy.sagaId()).replace(documentId, document(copy));
        return List.of("source", "source_key", "chain").contains(column) ? copied + "-" + copy.number() : copied;
    }

    private static String document(Copy copy) {
        return String.format(Locale.ROOT, "%032x", copy.number());
    }

    private Map<String, Object> cleanup(Copy copy) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("cleanup_id", id(copy.age()));
        row.put("saga_id", copy.sagaId());
        row.put("step", StoreNames.RELATIONAL);
        row.put("resource", StoreNames.RELATIONAL + ":" + copy.sagaId());
        row.put("state", copy.number() % 10 == 2 ? "PENDING" : "BLOCKED");
        row.put("attempts", 3);
        row.put("last_error", "the store did not answer");
        row.put("next_attempt_at", NEVER);
        row.put("created_at", System.currentTimeMillis() - copy.ageMillis());
        return row;
    }

    private void add(Connection connection, String table, Map<String, Object> row) throws SQLException {
        PreparedStatement insert = inserts.get(table);
        if (insert == null) {
            insert = connection.prepareStatement("INSERT INTO " + table + " (" + String.join(", ", row.keySet())
                    + ") VALUES (" + "?, ".repeat(row.size() - 1) + "?)");
            inserts.put(table, insert);
        }
        int index = 1;
        for (Object value : row.values()) {
            insert.setObject(index++, value);
        }
        insert.addBatch();
    }
}
