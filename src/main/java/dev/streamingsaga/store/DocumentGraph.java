package dev.streamingsaga.store;

import java.util.List;

/** Queries on the structure of completed documents. */
public final class DocumentGraph {
    public static final int MAX_HOPS = 10;
    public static final int MAX_NODES = 10_000;

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

    private final StoreDatabase db;

    DocumentGraph(StoreDatabase db) {
        this.db = db;
    }

    /** @param hops number of edges between this node and the one of the query */
    public record Node(String id, String kind, int page, int ordinal, String label, int hops) {}

    /**
     * Returns the nodes around a node, following edges in both directions, nearest first; empty if the node does not
     * exist or is not visible. Ids are {@code <saga>} for the document, {@code <saga>/p12} for a page,
     * {@code <saga>/p12/s3} for a segment.
     *
     * @param hops 1 to {@value #MAX_HOPS}
     * @param limit 1 to {@value #MAX_NODES}
     */
    public List<Node> neighbours(String nodeId, int hops, int limit) {
        if (hops < 1 || hops > MAX_HOPS || limit < 1 || limit > MAX_NODES) {
            throw new IllegalArgumentException("neighbours takes 1 to " + MAX_HOPS + " hops and 1 to " + MAX_NODES
                    + " nodes, not " + hops + " and " + limit);
        }
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
