package dev.streamingsaga.database;

import dev.streamingsaga.probe.SideEffects;
import dev.streamingsaga.probe.SideEffects.Span;
import java.util.List;
import java.util.Map;
import org.neo4j.driver.Record;
import org.neo4j.driver.async.AsyncTransaction;
import org.neo4j.driver.async.ResultCursor;

/** An open transaction. Values reach the server as parameters only. To be used by one thread. */
public final class Neo4jTransaction {
    private static final int MAX_LENGTH = 90;

    private final Neo4jDatabase database;
    private final String role;
    private final AsyncTransaction transaction;
    private String lastWrite = "";

    Neo4jTransaction(Neo4jDatabase database, String role, AsyncTransaction transaction) {
        this.database = database;
        this.role = role;
        this.transaction = transaction;
    }

    /** Runs a query that changes nothing, and returns all rows; numbers are {@code Long}. */
    public List<Map<String, Object>> read(String query, Map<String, Object> parameters) {
        return database.await(transaction.runAsync(query, parameters).thenCompose(ResultCursor::listAsync)).stream()
                .map(Record::asMap)
                .toList();
    }

    /** As {@link #read}, for a query that may change data or schema: the probe sees it. */
    public List<Map<String, Object>> write(String query, Map<String, Object> parameters) {
        String line = query.strip().replaceAll("\\s+", " ");
        lastWrite = line.substring(0, Math.min(line.length(), MAX_LENGTH));
        try (Span span = SideEffects.begin(role, lastWrite)) {
            return read(query, parameters);
        }
    }

    void commit() {
        if (lastWrite.isEmpty()) {
            database.await(transaction.commitAsync());
            return;
        }
        try (Span span = SideEffects.begin(role, "commit of " + lastWrite)) {
            database.await(transaction.commitAsync());
        }
    }
}
