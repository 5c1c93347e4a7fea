package dev.streamingsaga.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Rows of nodes and of the edges that lead to them. Edges only refer to nodes of the same or an earlier batch. Ids are
 * derived from saga, page and ordinal alone.
 */
final class GraphBatch {
    static final int MAX_NODES = 1000;
    /** Kinds of edges. */
    static final String CONTAINS = "contains";

    static final String NEXT = "next";

    private final String sagaId;
    private final String documentId;
    private final int run;
    private final List<Map<String, Object>> nodes = new ArrayList<>();
    private final List<Map<String, Object>> edges = new ArrayList<>();
    private String lastPage = "";
    private String lastSegment = "";

    GraphBatch(String sagaId, String documentId, int run) {
        this.sagaId = sagaId;
        this.documentId = documentId;
        this.run = run;
    }

    void document(String label) {
        node(sagaId, "document", 0, 0, label);
    }

    void page(int page) {
        node(pageId(page), "page", page, 0, "page " + page);
        edge(sagaId, pageId(page), CONTAINS);
        if (!lastPage.isEmpty()) {
            edge(lastPage, pageId(page), NEXT);
        }
        lastPage = pageId(page);
    }

    void segment(int page, int ordinal) {
        String id = pageId(page) + "/s" + ordinal;
        node(id, "segment", page, ordinal, "segment " + ordinal);
        edge(pageId(page), id, CONTAINS);
        if (!lastSegment.isEmpty()) {
            edge(lastSegment, id, NEXT);
        }
        lastSegment = id;
    }

    boolean isFull() {
        return nodes.size() >= MAX_NODES;
    }

    /** Returns an empty batch that continues after this one. */
    GraphBatch next() {
        GraphBatch next = new GraphBatch(sagaId, documentId, run);
        next.lastPage = lastPage;
        next.lastSegment = lastSegment;
        return next;
    }

    List<Map<String, Object>> nodes() {
        return nodes;
    }

    List<Map<String, Object>> edges() {
        return edges;
    }

    private String pageId(int page) {
        return sagaId + "/p" + page;
    }

    private void node(String id, String kind, int page, int ordinal, String label) {
        nodes.add(Map.of(
                "id",
                id,
                "sagaId",
                sagaId,
                "documentId",
                documentId,
                "run",
                run,
                "kind",
                kind,
                "page",
                page,
                "ordinal",
                ordinal,
                "label",
                DatabaseText.of(label)));
    }

    private void edge(String source, String target, String kind) {
        edges.add(Map.of(
                "source",
                source,
                "target",
                target,
                "kind",
                kind,
                "sagaId",
                sagaId,
                "documentId",
                documentId,
                "run",
                run));
    }
}
