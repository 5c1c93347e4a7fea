package dev.streamingsaga.database;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.neo4j.driver.exceptions.Neo4jException;
import org.neo4j.driver.exceptions.TransientException;

/** Constraints and indexes of the graph in Neo4j. Each statement may run again, also from several nodes at a time. */
final class Neo4jSchema {
    private static final Map<String, String> STATEMENTS = new TreeMap<>(Map.of(
            "saga_document",
            "CREATE CONSTRAINT saga_document IF NOT EXISTS FOR (d:SagaDocument) REQUIRE d.sagaId IS UNIQUE",
            "saga_document_versions",
            "CREATE INDEX saga_document_versions IF NOT EXISTS FOR (d:SagaDocument) ON (d.documentId)",
            "saga_node",
            "CREATE CONSTRAINT saga_node IF NOT EXISTS FOR (n:SagaNode) REQUIRE n.id IS UNIQUE",
            "saga_node_by_saga",
            "CREATE INDEX saga_node_by_saga IF NOT EXISTS FOR (n:SagaNode) ON (n.sagaId)"));

    private static final int MAX_ATTEMPTS = 20;
    private static final long MAX_PAUSE_MILLIS = 500;

    private Neo4jSchema() {}

    /** What {@link #create} would create. */
    static List<String> missing(Neo4jDatabase database) {
        // A unique constraint has an index of the same name.
        List<Object> existing = database
                .inTransaction(transaction -> transaction.read("SHOW INDEXES YIELD name RETURN name", Map.of()))
                .stream()
                .map(row -> row.get("name"))
                .toList();
        return STATEMENTS.keySet().stream()
                .filter(name -> !existing.contains(name))
                .toList();
    }

    /** Repeated after a conflict: nodes that start together create the same at the same time. */
    static void create(Neo4jDatabase database) {
        for (int attempt = 1; ; attempt++) {
            try {
                createMissing(database);
                return;
            } catch (Neo4jException e) {
                if (attempt == MAX_ATTEMPTS || !isFromAnotherNode(e)) {
                    throw e;
                }
                pause();
            }
        }
    }

    /** A deadlock, or a name that exists by now in spite of {@code IF NOT EXISTS}. */
    private static boolean isFromAnotherNode(Neo4jException failure) {
        return failure instanceof TransientException || failure.code().startsWith("Neo.ClientError.Schema.");
    }

    /** One transaction each: Neo4j allows nothing else beside a change of the schema. */
    private static void createMissing(Neo4jDatabase database) {
        missing(database)
                .forEach(name -> database.inTransaction(
                        transaction -> transaction.write(String.valueOf(STATEMENTS.get(name)), Map.of())));
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(ThreadLocalRandom.current().nextLong(MAX_PAUSE_MILLIS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while creating constraints and indexes in Neo4j", e);
        }
    }
}
