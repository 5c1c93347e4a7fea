package dev.streamingsaga.store;

import java.util.List;

/** Queries on the structure of completed documents. */
public interface DocumentGraph {
    int MAX_HOPS = 10;
    int MAX_NODES = 10_000;

    /** @param hops number of edges between this node and the one of the query */
    record Node(String id, String kind, int page, int ordinal, String label, int hops) {}

    /**
     * Returns the nodes around a node, following edges in both directions, nearest first; empty if the node does not
     * exist or is not visible. Ids are {@code <saga>} for the document, {@code <saga>/p12} for a page,
     * {@code <saga>/p12/s3} for a segment.
     *
     * @param hops 1 to {@value #MAX_HOPS}
     * @param limit 1 to {@value #MAX_NODES}
     * @throws IllegalArgumentException if a number is out of its range
     */
    List<Node> neighbours(String nodeId, int hops, int limit);

    /** @throws IllegalArgumentException if a number is out of its range */
    static void requireInRange(int hops, int limit) {
        if (hops < 1 || hops > MAX_HOPS || limit < 1 || limit > MAX_NODES) {
            throw new IllegalArgumentException("neighbours takes 1 to " + MAX_HOPS + " hops and 1 to " + MAX_NODES
                    + " nodes, not " + hops + " and " + limit);
        }
    }
}
