package dev.streamingsaga.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Contract of the graph store alone: structure queries, bounded batches, a single read of the file. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class GraphContract {
    StoreFixture fixture;

    abstract Map<String, String> database();

    /** Counts edges in the database itself. */
    long edges(String kind) {
        return fixture.ask("graph", "select count(*) from graph_edge where kind = ?", kind);
    }

    long edgesWithoutNodes() {
        return fixture.ask(
                "graph",
                "select count(*) from graph_edge where source not in (select id from graph_node)"
                        + " or target not in (select id from graph_node)");
    }

    @BeforeEach
    void open(@TempDir Path folder) throws Exception {
        Map<String, String> settings = new HashMap<>(database());
        settings.put("saga.participants", "graph,relational");
        fixture = new StoreFixture(folder, settings, new WordVectors("words", 64));
    }

    @AfterEach
    void close() {
        if (fixture != null) {
            fixture.close();
        }
    }

    @Test
    void returns_neighbours_within_some_hops_once_the_document_is_complete() {
        DocumentGraph graph = fixture.stores.graph().orElseThrow();
        fixture.write("graph", fixture.document("saga-1", "doc-1", "a\nb\fc\n"));
        assertThat(graph.neighbours("saga-1/p1/s0", 2, 100)).isEmpty();

        fixture.complete("graph", "saga-1");

        assertThat(graph.neighbours("saga-1/p1/s0", 1, 100))
                .extracting(DocumentGraph.Node::id)
                .containsExactly("saga-1/p1", "saga-1/p1/s1");
        assertThat(graph.neighbours("saga-1/p1/s0", 2, 100))
                .extracting(DocumentGraph.Node::id, DocumentGraph.Node::hops)
                .contains(
                        org.assertj.core.groups.Tuple.tuple("saga-1", 2),
                        org.assertj.core.groups.Tuple.tuple("saga-1/p2/s2", 2))
                .hasSize(5);
        assertThatThrownBy(() -> graph.neighbours("saga-1", 11, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void writes_a_document_of_several_batches_as_one_chain() {
        fixture.write("graph", fixture.document("saga-1", "doc-1", ("x\n".repeat(700) + "\f").repeat(4)));

        assertThat(fixture.count("graph", "saga-1")).isEqualTo(1 + 4 + 2800);
        assertThat(edges("contains")).isEqualTo(4 + 2800);
        assertThat(edges("next")).isEqualTo(3 + 2799);
        assertThat(edgesWithoutNodes()).isZero();
    }

    /** A page of many segments: there are more paths than could be followed one by one. */
    @Test
    @Timeout(60)
    void returns_all_neighbours_of_a_long_page() {
        fixture.writeAndComplete("graph", fixture.document("saga-1", "doc-1", "x\n".repeat(300)));

        assertThat(fixture.stores.graph().orElseThrow().neighbours("saga-1/p1/s7", DocumentGraph.MAX_HOPS, 1000))
                .hasSize(1 + 1 + 299)
                .extracting(DocumentGraph.Node::hops)
                .containsOnly(1, 2)
                .isSorted();
    }

    @Test
    void stops_between_two_batches_when_the_saga_is_cancelled() {
        var document = fixture.document("saga-1", "doc-1", "x\n".repeat(2500));

        assertThatThrownBy(() -> fixture.write("graph", new OpenRun(document, 1, 2)))
                .hasMessageContaining("cancelled");

        assertThat(fixture.count("graph", "saga-1")).isEqualTo(GraphBatch.MAX_NODES);
        fixture.compensate("graph", "saga-1");
        assertThat(edges("contains") + edges("next")).isZero();
    }

    /** An older run may still send one more batch. */
    @Test
    void rejects_a_batch_of_a_run_that_does_not_own_the_document() {
        var document = fixture.document("saga-1", "doc-1", "a\nb\fc\n");
        GraphBatch late = new GraphBatch("saga-1", "doc-1", 1);
        late.segment(9, 99);
        fixture.write("graph", new OpenRun(document, 2, Integer.MAX_VALUE));
        long rows = fixture.count("graph", "saga-1");

        assertThatThrownBy(() -> sendBatch(late, new OpenRun(document, 1, 1)))
                .hasMessageContaining("run 1 of saga saga-1");
        assertThat(fixture.count("graph", "saga-1")).isEqualTo(rows);

        fixture.compensate("graph", "saga-1");
        assertThatThrownBy(() -> sendBatch(late, new OpenRun(document, 2, 1))).hasMessageContaining("compensated");
        assertThat(fixture.count("graph", "saga-1")).isZero();
    }

    private void sendBatch(GraphBatch batch, OpenRun run) {
        fixture.send(fixture.config.direct("store-graph-batch"), batch, run);
    }

    @Test
    void reads_the_file_once_for_both_stores() {
        var document = fixture.document("saga-1", "doc-1", "a\nb\fc\n");

        fixture.write("graph", document);
        fixture.write("relational", document);
        assertThat(fixture.content.outlined).hasValue(1);

        fixture.complete("graph", "saga-1");
        fixture.write("relational", document);
        assertThat(fixture.content.outlined)
                .as("removed from the cache at the end")
                .hasValue(2);
    }

    @Test
    void stores_the_metadata_of_a_document() {
        fixture.writeAndComplete("relational", fixture.document("saga-1", "doc-1", "a\nb\fc\n"));

        Map<String, Object> row = fixture.sql("relational").queryForMap("select * from relational_document");

        assertThat(row)
                .containsEntry("file_name", "Bericht ü.txt")
                .containsEntry("pages", 2)
                .containsEntry("segments", 3)
                .containsEntry("author", "An author")
                .containsEntry("title", "A title with NUL  ")
                .containsEntry("received", "2026-11-22T10:00:00Z");
        assertThat(row.get("completed")).isNotNull();
        fixture.complete("relational", "saga-1");
        assertThat(fixture.sql("relational").queryForMap("select * from relational_document"))
                .isEqualTo(row);
    }
}
