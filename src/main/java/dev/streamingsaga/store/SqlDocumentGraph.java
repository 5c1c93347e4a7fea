package dev.streamingsaga.store;

import java.util.List;

/** The graph in a relational database: recursive queries over its tables. */
record SqlDocumentGraph(StoreDatabase db) implements DocumentGraph {
    private static final String NEIGHBOURS = """
            with recursive reached (id, hops) as (
                select n.id, 0 from graph_node n join graph_document d on d.saga_id = n.saga_id
                where n.id = ? and d.visible = 1
                union
                select case when e.source = r.id then e.target else e.source end, r.hops + 1
                from reached r join graph_edge e on e.source = r.id or e.target = r.id
                where r.hops < ?
            ), nearest (id, hops) as (select id, min(hops) from reached group by id)
            select n.id, n.kind, n.page, n.ordinal, n.label, r.hops
            from nearest r join graph_node n on n.id = r.id
            where r.hops > 0
            order by r.hops, n.page, n.ordinal, n.id
            limit ?
            """;

    @Override
    public List<Node> neighbours(String nodeId, int hops, int limit) {
        DocumentGraph.requireInRange(hops, limit);
        return db.queries()
                .query(
                        NEIGHBOURS,
                        (row, number) -> new Node(
                                row.getString(1),
                                row.getString(2),
                                row.getInt(3),
                                row.getInt(4),
                                row.getString(5),
                                row.getInt(6)),
                        nodeId,
                        hops,
                        limit);
    }
}
