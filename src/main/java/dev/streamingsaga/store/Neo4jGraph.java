package dev.streamingsaga.store;

import dev.streamingsaga.database.Neo4jDatabase;
import dev.streamingsaga.database.Neo4jTransaction;
import dev.streamingsaga.journal.DocumentFacts;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.StoreNames;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.apache.camel.Exchange;

/**
 * The graph in Neo4j. For each saga one node {@code SagaDocument} says which run may write and whether the graph is
 * visible; all others are {@code SagaNode}, and {@code CONTAINS} and {@code NEXT} link them.
 *
 * <p>Each transaction that writes first locks the {@code SagaDocument} and then reads its run: Neo4j reads what is
 * committed, so a check before the lock could be out of date.
 */
final class Neo4jGraph {
    /** Setting a property acquires the lock; the value means nothing. */
    private static final String LOCK = " SET d.locked = true WITH d ";

    private static final String BEGIN = "MERGE (d:SagaDocument {sagaId: $sagaId})"
            + " ON CREATE SET d.run = $run, d.documentId = $documentId, d.fileName = $fileName, d.visible = 0" + LOCK
            + "WHERE d.run <= $run SET d.run = $run, d.documentId = $documentId RETURN d.run";
    private static final String OWN_RUN =
            "MATCH (d:SagaDocument {sagaId: $sagaId})" + LOCK + "WHERE d.run = $run RETURN d.run";
    /** Leaves first, so that no node has many edges left when its turn comes. */
    private static final String DELETE_NODES = "MATCH (n:SagaNode {sagaId: $sagaId}) WHERE NOT (n)-[:CONTAINS]->()"
            + " WITH n LIMIT $limit DETACH DELETE n RETURN count(*) AS n";

    private static final String DELETE_DOCUMENT = "MATCH (d:SagaDocument {sagaId: $sagaId}) DELETE d";
    private static final String SHOW = "MATCH (d:SagaDocument {sagaId: $sagaId}) SET d.visible = 1 RETURN d.run";
    private static final String HIDE = "MATCH (d:SagaDocument {sagaId: $sagaId}) SET d.visible = 0 RETURN d.run";

    private static final String NODES = "UNWIND $rows AS row MERGE (n:SagaNode {id: row.id}) SET n = row";
    private static final Map<String, String> EDGES = Map.of(
            GraphBatch.CONTAINS, edges("CONTAINS"),
            GraphBatch.NEXT, edges("NEXT"));

    private static final String COUNT = "MATCH (n:SagaNode {sagaId: $sagaId}) RETURN count(n) AS n";
    private static final String REMAINING = "OPTIONAL MATCH (d:SagaDocument {sagaId: $sagaId})"
            + " WITH count(d) AS documents OPTIONAL MATCH (n:SagaNode {sagaId: $sagaId})"
            + " WITH documents, count(n) AS nodes RETURN documents + nodes AS n";

    private static final String SAGAS = "CALL () {"
            + " MATCH (d:SagaDocument) WHERE d.sagaId >= $from"
            + " RETURN d.sagaId AS sagaId, d.documentId AS documentId, d.visible AS shown"
            + " UNION ALL MATCH (n:SagaNode) WHERE n.sagaId >= $from"
            + " RETURN n.sagaId AS sagaId, n.documentId AS documentId, 0 AS shown }"
            + " RETURN sagaId AS saga_id, min(documentId) AS document_id, count(DISTINCT documentId) AS documents,"
            + " max(shown) AS visible ORDER BY saga_id LIMIT $limit";
    private static final String OTHERS = "MATCH (d:SagaDocument {documentId: $documentId}) WHERE d.sagaId <> $sagaId"
            + " RETURN d.sagaId AS saga_id ORDER BY saga_id LIMIT 100";
    private static final String STORED =
            "MATCH (d:SagaDocument {sagaId: $sagaId})" + " RETURN d.documentId AS document_id, d.visible AS visible";
    /** The next nodes in the order of their ids, which begin with the saga's; the index has that order. */
    private static final String COUNT_SOME = "MATCH (n:SagaNode) WHERE n.id >= $from AND n.id > $after AND n.id < $end"
            + " WITH n ORDER BY n.id LIMIT $limit"
            + " RETURN max(n.id) AS last,"
            + " sum(CASE n.kind WHEN 'document' THEN 1 ELSE 0 END) AS documents,"
            + " sum(CASE n.kind WHEN 'page' THEN 1 ELSE 0 END) AS pages,"
            + " sum(CASE n.kind WHEN 'segment' THEN 1 ELSE 0 END) AS segments,"
            + " sum(COUNT { (n)-[:CONTAINS|NEXT]->() }) AS edges,"
            + " sum(CASE WHEN n.documentId <> $documentId THEN 1 ELSE 0 END) AS odd";

    private static final List<String> COUNTS = List.of("documents", "pages", "segments", "edges", "odd");
    private static final String ROWS = "rows";
    /** Nodes deleted in one transaction: the server keeps some kilobytes in memory for each, with its edges. */
    private static final int MAX_DELETED = 2000;
    /** Nodes counted in one transaction: their number does not decide whether it ends in time. */
    private static final int MAX_COUNTED = 20_000;

    private final Neo4jDatabase db;

    Neo4jGraph(Neo4jDatabase db) {
        this.db = db;
    }

    private static String edges(String type) {
        return "UNWIND $rows AS row MATCH (a:SagaNode {id: row.source}) MATCH (b:SagaNode {id: row.target})"
                + " MERGE (a)-[e:" + type + "]->(b) RETURN count(e) AS n";
    }

    /** Takes the graph over for this run, and deletes the nodes of an earlier attempt. */
    void begin(Exchange exchange) {
        Run run = StoreSteps.run(exchange);
        Map<String, Object> document = new HashMap<>(StoreSteps.facts(exchange));
        document.keySet()
                .retainAll(List.of(
                        DocumentFacts.SAGA_ID, DocumentFacts.DOCUMENT_ID, DocumentFacts.FILE_NAME, DocumentFacts.RUN));
        Function<Neo4jTransaction, Long> delete = transaction -> deleteSome(transaction, run.sagaId());
        long deleted = inOwnTransaction(run, BEGIN, document, delete);
        while (deleted > 0) {
            deleted = inOwnTransaction(run, delete);
        }
    }

    /** Writes the {@link GraphBatch} in the body, unless a later run or a compensation came first. */
    void writeBatch(Exchange exchange) {
        Run run = StoreSteps.run(exchange);
        GraphBatch batch = Objects.requireNonNull(exchange.getMessage().getBody(GraphBatch.class), "a batch");
        inOwnTransaction(run, transaction -> write(transaction, batch));
    }

    /** In a transaction under a permit, while the document belongs to the run. */
    private <T> T inOwnTransaction(Run run, Function<Neo4jTransaction, T> work) {
        return inOwnTransaction(
                run, OWN_RUN, Map.of(DocumentFacts.SAGA_ID, run.sagaId(), DocumentFacts.RUN, run.number()), work);
    }

    /** @param own returns a row if the document belongs to the run */
    private <T> T inOwnTransaction(
            Run run, String own, Map<String, Object> parameters, Function<Neo4jTransaction, T> work) {
        try (Run.Permit permit = run.permit()) {
            return db.inTransaction(transaction -> {
                if (transaction.write(own, parameters).isEmpty()) {
                    throw StoreSteps.notOwnRun(StoreNames.GRAPH, run);
                }
                return work.apply(transaction);
            });
        }
    }

    private static int write(Neo4jTransaction transaction, GraphBatch batch) {
        transaction.write(NODES, Map.of(ROWS, batch.nodes()));
        EDGES.forEach((kind, query) -> {
            List<Map<String, Object>> edges = batch.edges().stream()
                    .filter(edge -> kind.equals(edge.get("kind")))
                    .toList();
            long written = number(transaction.write(query, Map.of(ROWS, edges)));
            if (written != edges.size()) {
                throw new IllegalStateException("the graph store has the nodes of only " + written + " of "
                        + edges.size() + " edges of a batch; nothing of the batch was written");
            }
        });
        return batch.nodes().size();
    }

    private static long deleteSome(Neo4jTransaction transaction, String sagaId) {
        return number(transaction.write(DELETE_NODES, Map.of(DocumentFacts.SAGA_ID, sagaId, "limit", MAX_DELETED)));
    }

    /**
     * Deletes all of a saga, then queries what is left. The {@code SagaDocument} goes first: from then on nothing of
     * the graph is visible, and no run can write.
     */
    void delete(Exchange exchange) {
        Map<String, Object> saga = saga(exchange);
        String sagaId = String.valueOf(saga.get(DocumentFacts.SAGA_ID));
        db.inTransaction(transaction -> transaction.write(DELETE_DOCUMENT, saga));
        long deleted;
        do {
            deleted = db.inTransaction(transaction -> deleteSome(transaction, sagaId));
        } while (deleted > 0);
        exchange.getMessage().setHeader(StoreDatabase.QUERY_RESULT, number(read(REMAINING, saga)));
    }

    void show(Exchange exchange) {
        Map<String, Object> saga = saga(exchange);
        if (db.inTransaction(transaction -> transaction.write(SHOW, saga)).isEmpty()) {
            throw StoreSteps.nothingToShow(StoreNames.GRAPH, exchange);
        }
    }

    void hide(Exchange exchange) {
        db.inTransaction(transaction -> transaction.write(HIDE, saga(exchange)));
    }

    void count(Exchange exchange) {
        exchange.getMessage().setBody(number(read(COUNT, saga(exchange))));
    }

    void sagas(Exchange exchange) {
        exchange.getMessage().setBody(read(SAGAS, StoreSteps.facts(exchange)));
    }

    void inspect(Exchange exchange) {
        Object documentId =
                Objects.requireNonNullElse(StoreSteps.facts(exchange).get(DocumentFacts.DOCUMENT_ID), "");
        Map<String, Object> saga = saga(exchange);
        Map<String, Object> document = new HashMap<>(saga);
        document.put(DocumentFacts.DOCUMENT_ID, documentId);
        exchange.getMessage().setHeader(StoreSteps.OTHERS, read(OTHERS, document));
        exchange.getMessage()
                .setBody(read(STORED, saga).stream()
                        .map(stored -> withCounts(String.valueOf(saga.get(DocumentFacts.SAGA_ID)), stored))
                        .toList());
    }

    private Map<String, Object> withCounts(String sagaId, Map<String, Object> stored) {
        Map<String, Object> all = new HashMap<>(stored);
        COUNTS.forEach(count -> all.put(count, 0L));
        Map<String, Object> page = new HashMap<>(Map.of(
                // An id is the saga's, or begins with it and a slash.
                "from",
                sagaId,
                "after",
                "",
                "end",
                sagaId + (char) ('/' + 1),
                "limit",
                MAX_COUNTED,
                DocumentFacts.DOCUMENT_ID,
                Objects.requireNonNullElse(stored.get("document_id"), "")));
        for (Map<String, Object> some = countSome(page); some.get("last") != null; some = countSome(page)) {
            Map<String, Object> counted = some;
            COUNTS.forEach(count -> all.merge(count, counted.get(count), (a, b) -> (Long) a + (Long) b));
            page.put("from", Objects.requireNonNull(some.get("last")));
            page.put("after", Objects.requireNonNull(some.get("last")));
        }
        return all;
    }

    private Map<String, Object> countSome(Map<String, Object> page) {
        return read(COUNT_SOME, page).get(0);
    }

    private List<Map<String, Object>> read(String query, Map<String, Object> parameters) {
        return db.inTransaction(transaction -> transaction.read(query, parameters));
    }

    private static long number(List<Map<String, Object>> rows) {
        return (Long) Objects.requireNonNull(rows.get(0).get("n"), "the query returns a number");
    }

    private static Map<String, Object> saga(Exchange exchange) {
        return saga(String.valueOf(StoreSteps.facts(exchange).get(DocumentFacts.SAGA_ID)));
    }

    private static Map<String, Object> saga(String sagaId) {
        return Map.of(DocumentFacts.SAGA_ID, sagaId);
    }
}
