package dev.streamingsaga.failure;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.streamingsaga.Internals;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupEntry.CleanupState;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.lra.CallbackHandler;
import dev.streamingsaga.lra.CallbackToken.Target;
import dev.streamingsaga.saga.SagaEngine;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * FP-26 to FP-33: the compensation of a store fails, or reports success without effect. Triggers in the stores'
 * databases cause it: one aborts the delete, the other skips it silently. Also tests what happens to clean-up entries.
 */
@Tag("one-jdk")
@Timeout(120)
class StoreCompensationFailureTest {
    private static final List<String> NEWEST_FIRST =
            List.of("finalize", "relational", "graph", "vector", "security", "verify", "upload", "start", "validate");

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;
    private Path file;

    @BeforeEach
    void start() throws Exception {
        saga = StreamingSagaFixture.start(directory);
        file = saga.text("keeper.txt", 20);
    }

    @AfterEach
    void stop() {
        saga.close();
    }

    @Test
    void fp_26_compensating_the_vector_store_throws() throws Exception {
        assertOneEntry("vector", "vector_segment", true);
    }

    @Test
    void fp_27_compensating_the_graph_store_throws() throws Exception {
        assertOneEntry("graph", "graph_node", true);
    }

    @Test
    void fp_28_compensating_the_relational_store_throws() throws Exception {
        assertOneEntry("relational", "relational_document", true);
    }

    @Test
    void fp_29_compensating_the_security_store_leaves_the_data() throws Exception {
        assertOneEntry("security", "security_document", false);
    }

    @Test
    void fp_30_compensating_the_vector_store_leaves_the_data() throws Exception {
        assertOneEntry("vector", "vector_segment", false);
    }

    @Test
    void fp_31_compensating_the_graph_store_leaves_the_data() throws Exception {
        assertOneEntry("graph", "graph_edge", false);
    }

    @Test
    void fp_32_compensating_the_relational_store_leaves_the_data() throws Exception {
        assertOneEntry("relational", "relational_document", false);
    }

    private void assertOneEntry(String store, String table, boolean aborts) throws Exception {
        refuseDelete(store, table, aborts);
        recordOrder();

        LateFailure failed = LateFailure.of(saga, file);

        assertThat(failed.result().status()).as("%s", failed.result()).isEqualTo("PARTIALLY_COMPENSATED");
        failed.assertCompensatedExcept(store);
        assertThat(saga.keys()).isEmpty();
        assertThat(saga.rows(store, table)).as("rows left").isPositive();
        assertThat(failed.entries()).hasSize(1);
        CleanupEntry entry = failed.entries().get(0);
        assertThat(entry)
                .extracting(CleanupEntry::step, CleanupEntry::resource, CleanupEntry::state, CleanupEntry::attempts)
                .containsExactly(store, store + ":" + failed.sagaId(), CleanupState.PENDING, 1);
        assertThat(entry.lastError()).contains(aborts ? "refused on purpose" : "still holds");
        failed.assertWarned(0, 1, 100.0, store + " 1");
        assertThat(failed.failedCleanups())
                .hasSize(1)
                .first()
                .satisfies(line -> assertThat(line)
                        .containsEntry("step", store)
                        .containsEntry("failed", List.of(entry.resource())));
        assertThat(failed.criticalFailures()).isEmpty();
        assertThat(order()).isEqualTo(NEWEST_FIRST);

        allowDelete(store);
        assertThat(engine().retry(entry)).isEmpty();
        assertThat(failed.entries().get(0).state()).isEqualTo(CleanupState.DONE);
        failed.assertFullyCompensated();
        LateFailure.assertCompletes(saga, file);
    }

    @Test
    void fp_33_several_compensations_fail() throws Exception {
        refuseDelete("security", "security_document", false);
        refuseDelete("graph", "graph_document", true);
        refuseDelete("relational", "relational_document", true);
        saga.s3()
                .when(method("DELETE").and(keyEndsWith("chunk-000000")))
                .always()
                .answer(403, "AccessDenied");
        recordOrder();

        LateFailure failed = LateFailure.of(saga, file);

        assertThat(failed.result().status()).isEqualTo("PARTIALLY_COMPENSATED");
        failed.assertCompensatedExcept("security", "graph", "relational");
        assertThat(saga.keys()).hasSize(1);
        assertThat(failed.open())
                .extracting(CleanupEntry::step, CleanupEntry::resource)
                .containsExactly(
                        tuple("relational", "relational:" + failed.sagaId()),
                                tuple("graph", "graph:" + failed.sagaId()),
                        tuple("security", "security:" + failed.sagaId()),
                                tuple("upload", saga.keys().get(0)));
        failed.assertWarned(1, 1, 0.0, "relational 1", "graph 1", "security 1", "upload 1");
        assertThat(failed.alerts()).hasSize(1);
        assertThat(failed.failedCleanups()).hasSize(4);
        assertThat(order()).isEqualTo(NEWEST_FIRST);

        saga.s3().clearRules();
        List.of("security", "graph", "relational").forEach(this::allowDelete);
        List<CleanupEntry> open = failed.open();
        for (int left = open.size(); left > 0; left--) {
            assertThat(failed.state()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);
            assertThat(engine().retry(open.get(left - 1))).hasSize(left - 1);
        }
        failed.assertFullyCompensated();
        LateFailure.assertCompletes(saga, file);
    }

    @Test
    void an_entry_that_still_fails_counts_its_attempts_and_stays_open() throws Exception {
        refuseDelete("graph", "graph_node", true);
        LateFailure failed = LateFailure.of(saga, file);

        assertThat(engine().retry(failed.open().get(0)))
                .extracting(CleanupEntry::attempts)
                .containsExactly(2);

        assertThat(failed.state()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        assertThat(failed.failedCleanups())
                .hasSize(1)
                .first()
                .satisfies(line -> assertThat(line).containsEntry("attempts", 2));
    }

    @Test
    void an_entry_that_an_operator_resolves_with_a_reason_is_closed() throws Exception {
        refuseDelete("graph", "graph_node", true);
        LateFailure failed = LateFailure.of(saga, file);

        engine().resolve(failed.open().get(0), "removed by hand, ticket 4711");

        assertThat(failed.entries())
                .extracting(CleanupEntry::state, CleanupEntry::resolution)
                .containsExactly(tuple(CleanupState.RESOLVED, "removed by hand, ticket 4711"));
        assertThat(failed.state()).isEqualTo(SagaState.COMPENSATED);
        assertThat(failed.failedCleanups()).isEmpty();
    }

    @Test
    void a_second_compensation_of_a_final_saga_changes_nothing() throws Exception {
        refuseDelete("graph", "graph_node", true);
        LateFailure failed = LateFailure.of(saga, file);
        List<String> before = everythingAbout(failed.sagaId());
        allowDelete("graph");

        assertThat(engine().cancel(failed.sagaId()).join()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        assertThat(engine().compensate(new Target(failed.sagaId(), 1, "participant-upload")))
                .isEqualTo(CallbackHandler.CallbackAnswer.DONE);
        assertThat(engine().complete(new Target(failed.sagaId(), 1, "run")))
                .isEqualTo(CallbackHandler.CallbackAnswer.GONE);

        assertThat(everythingAbout(failed.sagaId())).isEqualTo(before);
        assertThat(saga.rows("graph", "graph_node"))
                .as("only a retry removes residue")
                .isPositive();
    }

    @Test
    void a_late_compensation_of_a_completed_saga_changes_nothing() {
        IngestResult good = saga.ingest(file);
        assertThat(good.status()).isEqualTo("COMPLETED");
        List<String> keys = saga.keys();

        assertThat(engine().cancel(good.sagaId()).join()).isEqualTo(SagaState.COMPLETED);
        assertThat(engine().compensate(new Target(good.sagaId(), 1, "participant-vector")))
                .isEqualTo(CallbackHandler.CallbackAnswer.GONE);

        assertThat(Internals.ingest(saga.application().bundle())
                        .result(good.sagaId())
                        .stores())
                .isEqualTo(good.stores());
        assertThat(saga.keys()).isEqualTo(keys);
        assertThat(saga.number("vector", "SELECT count(*) FROM vector_document WHERE visible = 1"))
                .isOne();
        assertThat(saga.journal().cleanups().all()).isEmpty();
    }

    private SagaEngine engine() {
        return Internals.engine(saga.application().bundle());
    }

    private void refuseDelete(String store, String table, boolean aborts) {
        saga.execute(
                store,
                "CREATE TRIGGER refuse BEFORE DELETE ON " + table + " BEGIN SELECT RAISE("
                        + (aborts ? "ABORT, 'refused on purpose'" : "IGNORE") + "); END");
    }

    private void allowDelete(String store) {
        saga.execute(store, "DROP TRIGGER refuse");
    }

    /** A trigger in the journal's database records in which order steps are compensated. */
    private void recordOrder() {
        saga.execute("journal", "CREATE TABLE compensated (position INTEGER PRIMARY KEY, name TEXT NOT NULL)");
        saga.execute(
                "journal",
                "CREATE TRIGGER record_compensated AFTER UPDATE OF state ON step WHEN new.state IN ('COMPENSATED',"
                        + " 'RESIDUE')"
                        + " BEGIN INSERT INTO compensated (name) VALUES (new.name); END");
    }

    private List<String> order() {
        return saga.column("journal", "SELECT name FROM compensated ORDER BY position");
    }

    private List<String> everythingAbout(String sagaId) throws IOException {
        List<String> all = new ArrayList<>(
                saga.column("journal", "SELECT state || run || reason || message || finished_at FROM saga"));
        all.addAll(saga.column(
                "journal", "SELECT name || state FROM step WHERE saga_id = '" + sagaId + "' ORDER BY ordinal"));
        all.addAll(saga.column("journal", "SELECT state || attempts || last_error || next_attempt_at FROM cleanup"));
        all.addAll(saga.column("journal", "SELECT kind || message FROM event ORDER BY event_id"));
        for (String report : List.of("rollback_alerts.json", "failed_cleanups.json", "critical_failures.json")) {
            all.addAll(saga.report(report));
        }
        return all;
    }
}
