package dev.streamingsaga.store;

import dev.streamingsaga.testkit.Neo4jProcess;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

abstract class Neo4jStoreContract extends StoreContract {
    abstract Neo4jProcess server();

    @Override
    Map<String, String> database() {
        server().empty();
        return server().settings();
    }

    @Override
    Stream<String> stores() {
        return Stream.of("graph");
    }

    /** Neo4j itself has no triggers. */
    @Override
    Stream<String> storesWithTriggers() {
        return Stream.empty();
    }

    @Override
    List<String> refuseDeletes(String table, boolean silently) {
        throw new AssertionError("there are no tables");
    }

    /** A node with an edge cannot be deleted. */
    @Override
    void refuseDeletes(String store) {
        server().query("MATCH (d:SagaDocument) CREATE (d)-[:HELD]->(:Holder)", Map.of());
    }

    @Override
    long rows(String store, String sagaId) {
        return (Long) server().query(
                        "OPTIONAL MATCH (d:SagaDocument {sagaId: $saga}) WITH count(d) AS documents"
                                + " OPTIONAL MATCH (n:SagaNode {sagaId: $saga})"
                                + " WITH documents, count(n) AS nodes, sum(COUNT { (n)-->() }) AS edges"
                                + " RETURN documents + nodes + edges AS rows",
                        Map.of("saga", sagaId))
                .get(0)
                .get("rows");
    }

    @Override
    long visible(String store) {
        return server().number("MATCH (d:SagaDocument) WHERE d.visible = 1 RETURN count(d)");
    }

    @Override
    long foreignRows(String store) {
        return server().number("MATCH (n:SagaDocument|SagaNode)"
                + " WHERE n.sagaId <> 'saga-1' OR n.documentId <> 'doc-1' OR n.run <> 1 RETURN count(n)");
    }

    @Override
    long run(String store) {
        return server().number("MATCH (d:SagaDocument {sagaId: 'saga-1'}) RETURN d.run");
    }

    @Override
    List<List<Map<String, Object>>> contents(String store) {
        return List.of(
                server().query("MATCH (n) RETURN properties(n) AS row", Map.of()).stream()
                        .map(row -> (Map<String, Object>) new TreeMap<String, Object>(Map.of("n", "" + row.get("row"))))
                        .toList(),
                server().query("MATCH (a)-[e]->(b) RETURN a.id AS source, type(e) AS kind, b.id AS target", Map.of()));
    }

    @Override
    void removeDocument(String store, String sagaId) {
        server().query("MATCH (d:SagaDocument {sagaId: $saga}) DELETE d", Map.of("saga", sagaId));
    }

    @Override
    void damage(String store) {
        server().query("MATCH (d:SagaDocument) SET d.documentId = 'another'", Map.of());
    }

    /** There is more than one page. */
    @Override
    void breakDatabase(String store) {
        server().query("CREATE CONSTRAINT FOR (n:SagaNode) REQUIRE n.kind IS UNIQUE", Map.of());
    }
}
