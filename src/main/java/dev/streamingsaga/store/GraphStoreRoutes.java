package dev.streamingsaga.store;

import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.store.BatchRoute.Insert;
import java.util.List;
import org.apache.camel.builder.RouteBuilder;

/** Stores the structure of a document: it contains pages, pages contain segments, and each links to the next. */
final class GraphStoreRoutes extends RouteBuilder {
    private final StoreDatabase db;
    private final GraphWriter graph;

    GraphStoreRoutes(StoreDatabase db, GraphWriter graph) {
        this.db = db;
        this.graph = graph;
    }

    @Override
    public void configure() {
        errorHandler(noErrorHandler());
        write();
        writeBatch();
        inspection();

        db.from(this, RouteNames.COMPENSATE)
            .routeDescription("Deletes the nodes and edges of a saga")
            .process(StoreSteps::identify)
            .process(graph::forget)
            .policy(db.transaction())
                .to(db.sql("delete from graph_edge where saga_id = :#sagaId"))
                .to(db.sql("delete from graph_node where saga_id = :#sagaId"))
                .to(db.sql("delete from graph_document where saga_id = :#sagaId"))
            .end()
            .to(db.query("select (select count(*) from graph_edge where saga_id = :#sagaId)"
                + " + (select count(*) from graph_node where saga_id = :#sagaId)"
                + " + (select count(*) from graph_document where saga_id = :#sagaId)"))
            .process(StoreSteps.requireNothingLeft(db.store()));

        db.from(this, RouteNames.COUNT)
            .routeDescription("Counts the nodes of a saga")
            .process(StoreSteps::identify)
            .to(db.one("select count(*) from graph_node where saga_id = :#sagaId"));

        db.from(this, RouteNames.COMPLETE)
            .routeDescription("Makes the document's structure visible")
            .process(StoreSteps::identify)
            .process(graph::forget)
            .policy(db.transaction())
                .to(db.sql("update graph_document set visible = 1 where saga_id = :#sagaId"))
            .end()
            .process(StoreSteps.requireShown(db.store()));

        db.from(this, RouteNames.HIDE)
            .routeDescription("Hides the structure of a document that is being deleted")
            .process(StoreSteps::identify)
            .policy(db.transaction())
                .to(db.sql("update graph_document set visible = 0 where saga_id = :#sagaId"))
            .end();
    }

    private void inspection() {
        new InspectionRoutes(db, "nodes and edges",
            "select saga_id, document_id, visible from graph_document"
                + " union all select saga_id, document_id, 0 as visible from graph_node"
                + " union all select saga_id, document_id, 0 as visible from graph_edge",
            "select d.document_id, d.visible,"
                + " (select count(*) from graph_node n where n.saga_id = d.saga_id"
                + " and n.kind = 'document') as documents,"
                + " (select count(*) from graph_node n where n.saga_id = d.saga_id and n.kind = 'page') as pages,"
                + " (select count(*) from graph_node n where n.saga_id = d.saga_id and n.kind = 'segment') as segments,"
                + " (select count(*) from graph_edge e where e.saga_id = d.saga_id) as edges,"
                + " (select count(*) from graph_node n where n.saga_id = d.saga_id"
                + " and n.document_id <> d.document_id) as odd"
                + " from graph_document d where d.saga_id = :#sagaId").addTo(this);
    }

    private void write() {
        db.from(this, RouteNames.WRITE)
            .routeDescription("Writes the document's structure; it stays invisible until completion")
            .process(StoreSteps::begin)
            // Deletes the rows of an earlier attempt first: it may have split the text differently, and a rewrite is
            // cheap.
            .policy(db.writing())
                .to(db.sql("insert into graph_document (saga_id, document_id, run, file_name)"
                    + " values (:#sagaId, :#documentId, :#run, :#fileName)"
                    + " on conflict (saga_id) do update set document_id = excluded.document_id, run = excluded.run"
                    + " where graph_document.run <= excluded.run"))
                .process(StoreSteps.requireOwnRun(db.store()))
                .to(db.sql("delete from graph_edge where saga_id = :#sagaId"))
                .to(db.sql("delete from graph_node where saga_id = :#sagaId"))
            .end()
            .process(graph::writeAll);
    }

    private void writeBatch() {
        new BatchRoute<>(db, GraphBatch.class, "Writes one batch of nodes and the edges that lead to them").addTo(this,
            List.of(
            new Insert<>(GraphBatch::nodes, "insert into graph_node"
                + " (id, saga_id, document_id, run, kind, page, ordinal, label)"
                + " values (:#id, :#sagaId, :#documentId, :#run, :#kind, :#page, :#ordinal, :#label)"),
            new Insert<>(GraphBatch::edges, "insert into graph_edge (source, target, kind, saga_id, document_id, run)"
                + " values (:#source, :#target, :#kind, :#sagaId, :#documentId, :#run)")));
    }
}
