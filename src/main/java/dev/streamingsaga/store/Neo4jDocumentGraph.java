package dev.streamingsaga.store;

import dev.streamingsaga.database.Neo4jDatabase;
import java.util.List;
import java.util.Map;

/** The graph in Neo4j. */
record Neo4jDocumentGraph(Neo4jDatabase db) implements DocumentGraph {
    /**
     * Written so that the server searches in breadth and visits each node once ({@code BFSPruningVarExpand}): it would
     * follow every path otherwise, and a page of many segments has too many.
     */
    private static final String NEIGHBOURS = "MATCH (s:SagaNode {id: $id})"
            + " WHERE EXISTS { MATCH (d:SagaDocument {sagaId: s.sagaId}) WHERE d.visible = 1 }"
            + " MATCH path = (s)-[:CONTAINS|NEXT*1..%d]-(n)"
            + " WITH n, min(length(path)) AS hops WHERE n.id <> $id"
            + " RETURN n.id AS id, n.kind AS kind, n.page AS page, n.ordinal AS ordinal, n.label AS label, hops"
            + " ORDER BY hops, page, ordinal, id LIMIT $limit";

    @Override
    public List<Node> neighbours(String nodeId, int hops, int limit) {
        DocumentGraph.requireInRange(hops, limit);
        // A length cannot be a parameter.
        String query = NEIGHBOURS.formatted(hops);
        return db.inTransaction(transaction -> transaction.read(query, Map.of("id", nodeId, "limit", limit))).stream()
                .map(Neo4jDocumentGraph::node)
                .toList();
    }

    private static Node node(Map<String, Object> row) {
        return new Node(
                String.valueOf(row.get("id")),
                String.valueOf(row.get("kind")),
                number(row, "page"),
                number(row, "ordinal"),
                String.valueOf(row.get("label")),
                number(row, "hops"));
    }

    private static int number(Map<String, Object> row, String column) {
        return row.get(column) instanceof Number number ? number.intValue() : 0;
    }
}
