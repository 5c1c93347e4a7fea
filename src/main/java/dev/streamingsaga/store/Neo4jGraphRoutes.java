package dev.streamingsaga.store;

import dev.streamingsaga.config.RouteNames;
import org.apache.camel.builder.RouteBuilder;

/** As {@link GraphStoreRoutes}, in Neo4j. */
final class Neo4jGraphRoutes extends RouteBuilder {
    private final StoreRouteIds ids;
    private final Neo4jGraph graph;
    private final GraphWriter writer;

    Neo4jGraphRoutes(StoreRouteIds ids, Neo4jGraph graph, GraphWriter writer) {
        this.ids = ids;
        this.graph = graph;
        this.writer = writer;
    }

    @Override
    public void configure() {
        errorHandler(noErrorHandler());

        ids.from(this, RouteNames.WRITE)
            .routeDescription("Writes the document's structure; it stays invisible until completion")
            .process(StoreSteps::begin)
            .process(graph::begin)
            .process(writer::writeAll);

        ids.from(this, RouteNames.BATCH)
            .routeDescription("Writes one batch of nodes and the edges that lead to them")
            .process(graph::writeBatch);

        ids.from(this, RouteNames.COMPENSATE)
            .routeDescription("Deletes the nodes and edges of a saga")
            .process(StoreSteps::identify)
            .process(writer::forget)
            .process(graph::delete)
            .process(StoreSteps.requireNothingLeft(ids.store()));

        ids.from(this, RouteNames.COUNT)
            .routeDescription("Counts the nodes of a saga")
            .process(StoreSteps::identify)
            .process(graph::count);

        ids.from(this, RouteNames.COMPLETE)
            .routeDescription("Makes the document's structure visible")
            .process(StoreSteps::identify)
            .process(writer::forget)
            .process(graph::show);

        ids.from(this, RouteNames.HIDE)
            .routeDescription("Hides the structure of a document that is being deleted")
            .process(StoreSteps::identify)
            .process(graph::hide);

        ids.from(this, RouteNames.SAGAS)
            .routeDescription("Lists the sagas with nodes and edges, a page at a time")
            .process(StoreSteps::page)
            .process(graph::sagas);

        ids.from(this, RouteNames.INSPECT)
            .routeDescription("Returns what is stored for a saga, for a comparison with the journal")
            .process(StoreSteps::identify)
            .process(graph::inspect)
            .process(StoreSteps::inspected);
    }
}
