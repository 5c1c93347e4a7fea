package dev.streamingsaga.store;

import dev.streamingsaga.testkit.Neo4jProcess;
import java.util.Locale;
import java.util.Map;

abstract class Neo4jGraphContract extends GraphContract {
    abstract Neo4jProcess server();

    @Override
    Map<String, String> database() {
        server().empty();
        return server().settings();
    }

    @Override
    long edges(String kind) {
        return server().number("MATCH ()-[e:" + kind.toUpperCase(Locale.ROOT) + "]->() RETURN count(e)");
    }

    /** Neo4j has no such edges: instead those of other kinds, and nodes that no edge leads to. */
    @Override
    long edgesWithoutNodes() {
        return server().number(
                                "MATCH (n:SagaNode) WHERE n.kind <> 'document' AND NOT ()-[:CONTAINS]->(n) RETURN count(n)")
                + server().number("MATCH ()-[e]->() WHERE NOT type(e) IN ['CONTAINS', 'NEXT'] RETURN count(e)");
    }
}
