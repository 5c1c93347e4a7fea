package dev.streamingsaga.failure;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.Internals;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupEntry.CleanupState;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.DeletionState;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.operations.DeletedDocumentException;
import dev.streamingsaga.operations.DeletionNotPossibleException;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.recovery.Drift;
import dev.streamingsaga.recovery.Orphan;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * FP-51: a deletion meets a store that refuses, or that says yes and keeps the data. Triggers in the stores' databases
 * cause it. Also what must hold after every deletion. One instance for all tests; each has a document of its own.
 */
@Tag("one-jdk")
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DeletionFailureTest {
    private static final List<String> STORES = List.of("security", "vector", "graph", "relational");
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    static Path directory;

    private final List<Runnable> undo = new ArrayList<>();
    private StreamingSagaFixture saga;
    private int files;

    @BeforeAll
    void start() throws Exception {
        saga = StreamingSagaFixture.start(directory, Map.of("saga.compensation.retry-delay", "1s"));
    }

    @AfterEach
    void allow() {
        undo.forEach(Runnable::run);
        undo.clear();
        saga.s3().clearRules();
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    @Test
    void a_deleted_document_is_nowhere_and_leaves_a_tombstone() throws Exception {
        Original original = original();
        IngestResult stored = saga.ingest(original.path());

        Deletion deletion = delete(stored);

        assertThat(deletion.state()).isEqualTo(DeletionState.DELETED);
        assertThat(deletion.reason()).isEqualTo("no longer needed");
        assertThat(deletion.sha256()).isEqualTo(stored.sha256());
        assertGone(stored);
        assertThat(saga.journal().sagas().find(stored.sagaId()).orElseThrow().state())
                .isEqualTo(SagaState.COMPLETED);
        assertThatThrownBy(() -> operator().document(stored.documentId()))
                .isInstanceOf(DeletedDocumentException.class)
                .hasMessageContaining("no longer needed");
        assertThatThrownBy(() -> operator().fetch(stored.documentId(), directory.resolve("fetched")))
                .isInstanceOf(DeletedDocumentException.class);
        assertThat(saga.text(
                        "journal",
                        "SELECT title || author FROM document_text WHERE saga_id = '" + stored.sagaId() + "'"))
                .isEmpty();
        original.assertUntouched();
        assertThat(delete(stored)).as("repeated").isEqualTo(deletion);
    }

    @Test
    void the_same_file_is_stored_again_after_its_deletion() throws Exception {
        Original original = original();
        IngestResult stored = saga.ingest(original.path());
        delete(stored);

        IngestResult again = saga.ingest(original.path());

        assertThat(again.sagaId()).isNotEqualTo(stored.sagaId());
        assertThat(operator().document(again.documentId()).sagaId()).isEqualTo(again.sagaId());
        Aftermath.assertStored(saga, again, original);
        assertThat(delete(again).deletionId())
                .isNotEqualTo(saga.journal()
                        .deletions()
                        .ofSaga(stored.sagaId())
                        .orElseThrow()
                        .deletionId());
        assertGone(again);
    }

    @ParameterizedTest
    @CsvSource({
        "security, security_document, true",
        "vector, vector_segment, true",
        "graph, graph_node, true",
        "relational, relational_document, true",
        "security, security_document, false",
        "vector, vector_segment, false",
        "graph, graph_edge, false",
        "relational, relational_document, false"
    })
    void fp_51_a_store_does_not_delete(String store, String table, boolean aborts) throws Exception {
        IngestResult stored = saga.ingest(saga.text(name(), 20));
        refuseDelete(store, table, aborts);

        Deletion deletion = delete(stored);

        assertThat(deletion.state()).isEqualTo(DeletionState.PARTIALLY_DELETED);
        assertThat(count(store, table, stored)).as("rows left").isPositive();
        assertThat(visible(store, stored)).as("visible in " + store).isZero();
        assertInvisible(stored);
        CleanupEntry entry = open(stored).get(0);
        assertThat(open(stored))
                .extracting(CleanupEntry::step, CleanupEntry::resource)
                .containsExactly(tuple(store, store + ":" + stored.sagaId()));
        assertThat(saga.report("rollback_alerts.json"))
                .anyMatch(line -> line.contains("PARTIAL_DELETION") && line.contains(stored.sagaId()));
        assertThat(saga.report("failed_cleanups.json")).anyMatch(line -> line.contains(entry.resource()));

        allow();
        Internals.engine(saga.application().bundle()).retry(entry);

        assertThat(state(stored)).isEqualTo(DeletionState.DELETED);
        assertGone(stored);
    }

    @Test
    void fp_51_the_bucket_does_not_delete() throws Exception {
        IngestResult stored = saga.ingest(saga.text(name(), 20));
        saga.s3()
                .when(method("DELETE").and(keyEndsWith("chunk-000000")))
                .always()
                .answer(403, "AccessDenied");

        Deletion deletion = delete(stored);

        assertThat(deletion.state()).isEqualTo(DeletionState.PARTIALLY_DELETED);
        assertInvisible(stored);
        STORES.forEach(
                store -> assertThat(count(store, store + "_document", stored)).isZero());
        assertThat(keys(stored)).hasSize(1);
        allow();
        await().atMost(LIMIT).until(() -> state(stored) == DeletionState.DELETED);
        assertGone(stored);
    }

    @Test
    void fp_51_a_store_that_cannot_hide_removes_at_once() throws Exception {
        IngestResult stored = saga.ingest(saga.text(name(), 20));
        refuse("vector", "UPDATE OF visible ON vector_document", true);

        Deletion deletion = delete(stored);

        assertThat(deletion.state()).isEqualTo(DeletionState.DELETED);
        assertGone(stored);
    }

    @Test
    void fp_51_nothing_else_is_removed_while_a_store_may_still_show_the_document() throws Exception {
        IngestResult stored = saga.ingest(saga.text(name(), 20));
        refuse("vector", "UPDATE OF visible ON vector_document", true);
        refuseDelete("vector", "vector_document", true);

        operator().delete(stored.documentId(), "no longer needed", "tester");
        await().atMost(LIMIT).until(() -> deletion(stored).attempts() > 0);

        assertThat(deletion(stored).state()).isEqualTo(DeletionState.REQUESTED);
        assertThat(deletion(stored).lastError()).contains("vector", "refused on purpose");
        assertThat(visible("vector", stored)).as("the store still has it").isOne();
        assertThat(visible("graph", stored)).isZero();
        assertThat(keys(stored)).as("waits for the store").isNotEmpty();
        assertInvisible(stored);

        allow();
        await().atMost(LIMIT).until(() -> state(stored) == DeletionState.DELETED);
        assertGone(stored);
    }

    @Test
    void a_late_publication_does_not_make_a_deleted_document_visible() throws Exception {
        refuse("vector", "UPDATE OF visible ON vector_document", true);
        IngestResult stored = saga.ingest(saga.text(name(), 20));
        SagaRecord unpublished = saga.journal().sagas().find(stored.sagaId()).orElseThrow();
        assertThat(unpublished.published()).isFalse();
        allow();
        refuseDelete("vector", "vector_segment", true);
        assertThat(delete(stored).state()).isEqualTo(DeletionState.PARTIALLY_DELETED);

        // As the coordinator's callback does that arrives late, with the record from before.
        Internals.engine(saga.application().bundle()).publish(unpublished);

        STORES.forEach(store -> assertThat(visible(store, stored)).as(store).isZero());
        assertInvisible(stored);
        allow();
        await().atMost(LIMIT).until(() -> state(stored) == DeletionState.DELETED);
        assertGone(stored);
    }

    @Test
    void a_document_that_is_being_stored_is_not_deleted() throws Exception {
        Path file = saga.text(name(), 20);
        IngestResult stored = saga.ingest(file);
        saga.restart(Map.of("saga.duplicates", "version"));
        saga.duringStep("graph", () -> Background.run("again", () -> saga.ingest(file)), () -> {
            assertThatThrownBy(() -> operator().delete(stored.documentId(), "no longer needed", "tester"))
                    .isInstanceOf(DeletionNotPossibleException.class)
                    .hasMessageContaining("is storing it");
        });
        await().atMost(LIMIT).until(() -> saga.journal().sagas().unfinished().isEmpty());
        assertThat(operator().document(stored.documentId()).state()).isEqualTo(SagaState.COMPLETED);
        saga.restart(Map.of("saga.duplicates", "skip"));
    }

    private Original original() throws Exception {
        return Original.of(saga.text(name(), 20));
    }

    private String name() {
        return "deleted-" + files++ + ".txt";
    }

    private Deletion delete(IngestResult stored) throws InterruptedException {
        Deletion requested = operator().delete(stored.documentId(), "no longer needed", "tester");
        return operator().awaitDeletion(requested, LIMIT);
    }

    private Deletion deletion(IngestResult stored) {
        return saga.journal().deletions().ofSaga(stored.sagaId()).orElseThrow();
    }

    private DeletionState state(IngestResult stored) {
        return deletion(stored).state();
    }

    private SagaOperator operator() {
        return saga.application().bundle().operator();
    }

    private List<CleanupEntry> open(IngestResult stored) {
        return saga.journal().cleanups().of(stored.sagaId()).stream()
                .filter(entry -> entry.state() != CleanupState.DONE)
                .toList();
    }

    /** The core neither names nor serves the document. */
    private void assertInvisible(IngestResult stored) {
        assertThat(operator().findDocument(stored.documentId())).isEmpty();
        assertThat(operator().documents()).extracting(SagaRecord::sagaId).doesNotContain(stored.sagaId());
        assertThat(operator().search("lighthouse keeper gulls", 50))
                .extracting(hit -> hit.sagaId())
                .doesNotContain(stored.sagaId());
    }

    /** Queries bucket and stores directly; then what verify and orphans say. */
    private void assertGone(IngestResult stored) {
        assertInvisible(stored);
        assertThat(keys(stored)).as("keys").isEmpty();
        STORES.forEach(store ->
                assertThat(count(store, store + "_document", stored)).as(store).isZero());
        for (String table : List.of("graph.graph_node", "graph.graph_edge", "vector.vector_segment")) {
            String[] parts = table.split("[.]", 2);
            assertThat(count(parts[0], parts[1], stored)).as(table).isZero();
        }
        assertThat(open(stored)).isEmpty();
        List<Orphan> orphans = new ArrayList<>();
        operator().listOrphans(orphans::add);
        assertThat(orphans).isEmpty();
        List<Drift> drifts = operator().documents().stream()
                .flatMap(saga -> operator().verify(saga, false).stream())
                .toList();
        assertThat(drifts).isEmpty();
    }

    private List<String> keys(IngestResult stored) {
        return saga.keys().stream().filter(key -> key.contains(stored.sagaId())).toList();
    }

    private long count(String store, String table, IngestResult stored) {
        return saga.number(store, "SELECT count(*) FROM " + table + " WHERE saga_id = '" + stored.sagaId() + "'");
    }

    private long visible(String store, IngestResult stored) {
        return saga.number(
                store,
                "SELECT count(*) FROM " + store + "_document WHERE visible = 1 AND saga_id = '" + stored.sagaId()
                        + "'");
    }

    private void refuseDelete(String store, String table, boolean aborts) {
        refuse(store, "DELETE ON " + table, aborts);
    }

    private void refuse(String store, String what, boolean aborts) {
        String trigger = "refuse_" + undo.size();
        saga.execute(
                store,
                "CREATE TRIGGER " + trigger + " BEFORE " + what + " BEGIN SELECT RAISE("
                        + (aborts ? "ABORT, 'refused on purpose'" : "IGNORE") + "); END");
        undo.add(() -> saga.execute(store, "DROP TRIGGER " + trigger));
    }
}
