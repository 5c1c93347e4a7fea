package dev.streamingsaga.failure;

import static dev.streamingsaga.testkit.ProxiedRequest.hasQuery;
import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.streamingsaga.Internals;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupEntry.CleanupState;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.FaultRule;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** FP-22 to FP-25: the bucket refuses to delete chunks, or the compensation itself crashes. */
@Tag("one-jdk")
@Timeout(120)
class CompensationFailureTest {
    private static final Map<String, String> WITH_CRASHING_STORE =
            Map.of("saga.participants", "security,vector,crash,graph,relational");

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;

    @AfterEach
    void stop() {
        saga.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {403, 500})
    void fp_22_deleting_one_chunk_fails(int status) throws Exception {
        start(Map.of());
        Path file = threeChunks();
        FaultRule refusal = refuseDelete("chunk-000001", status);

        LateFailure failed = LateFailure.of(saga, file);

        assertThat(failed.result().status()).isEqualTo("PARTIALLY_COMPENSATED");
        failed.assertCompensatedExcept();
        assertThat(failed.step("upload")).isEqualTo("RESIDUE");
        assertThat(saga.keys()).hasSize(1).allMatch(key -> key.endsWith("chunk-000001"));
        assertThat(failed.entries()).hasSize(1);
        CleanupEntry entry = failed.entries().get(0);
        assertThat(entry.resource()).isEqualTo(saga.keys().get(0));
        assertThat(entry)
                .extracting(CleanupEntry::step, CleanupEntry::state, CleanupEntry::attempts)
                .containsExactly("upload", CleanupState.PENDING, 1);
        failed.assertWarned(1, 3, 66.7, "upload 1");
        assertThat(entry.lastError())
                .as("what the bucket answered")
                .contains("cannot delete")
                .contains("" + status);
        assertReported(failed, entry);

        refusal.remove();
        assertThat(Internals.engine(saga.application().bundle()).retry(entry)).isEmpty();
        failed.assertFullyCompensated();
        LateFailure.assertCompletes(saga, file);
    }

    private void assertReported(LateFailure failed, CleanupEntry entry) throws IOException {
        assertThat(failed.failedCleanups()).hasSize(1);
        Map<String, Object> line = failed.failedCleanups().get(0);
        assertThat(line)
                .containsOnlyKeys(
                        "timestamp",
                        "sagaId",
                        "documentId",
                        "step",
                        "failed",
                        "lastError",
                        "attempts",
                        "nextAttemptAt",
                        "status")
                .containsEntry("sagaId", failed.sagaId())
                .containsEntry("documentId", failed.result().documentId())
                .containsEntry("step", "upload")
                .containsEntry("failed", List.of(entry.resource()))
                .containsEntry("attempts", 1)
                .containsEntry("status", "PENDING");
        assertThat(line.get("lastError").toString()).isNotBlank();
        assertThat(Instant.parse(line.get("nextAttemptAt").toString()))
                .isAfter(Instant.parse(line.get("timestamp").toString()));
        assertThat(failed.criticalFailures()).isEmpty();
    }

    @Test
    void fp_23_deleting_several_chunks_fails() throws Exception {
        start(Map.of());
        Path file = threeChunks();
        FaultRule first = refuseDelete("chunk-000000", 500);
        refuseDelete("chunk-000002", 403);

        LateFailure failed = LateFailure.of(saga, file);

        assertThat(failed.result().status()).isEqualTo("PARTIALLY_COMPENSATED");
        failed.assertCompensatedExcept();
        assertThat(saga.keys()).hasSize(2);
        assertThat(failed.open()).extracting(CleanupEntry::resource).containsExactlyInAnyOrderElementsOf(saga.keys());
        failed.assertWarned(2, 3, 33.3, "upload 2");
        assertThat(failed.alerts()).hasSize(1);

        // One object at a time: an entry that still fails stays open and counts its attempts.
        first.remove();
        List<CleanupEntry> open = Internals.engine(saga.application().bundle())
                .retry(failed.open().get(0));
        assertThat(open)
                .hasSize(1)
                .allMatch(entry -> entry.resource().endsWith("chunk-000002") && entry.attempts() == 2);
        assertThat(failed.state()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        assertThat(failed.failedCleanups())
                .hasSize(1)
                .first()
                .satisfies(line -> assertThat(line).containsEntry("attempts", 2));

        saga.s3().clearRules();
        Internals.engine(saga.application().bundle()).retry(open.get(0));
        failed.assertFullyCompensated();
        LateFailure.assertCompletes(saga, file);
    }

    @Test
    void fp_24_the_object_store_goes_down_before_the_compensation() throws Exception {
        start(Map.of());
        saga.s3().when(method("PUT").and(keyEndsWith("manifest.json"))).beforeForward(saga.s3()::down);

        assertAllChunksLeft(threeChunks(), "MAX_RETRIES_EXCEEDED", saga.s3()::up);
    }

    /** It accepts requests and never answers: each request times out, and together they reach the step's time limit. */
    @Test
    void fp_24_the_object_store_hangs_during_the_compensation() throws Exception {
        start(Map.of("saga.s3.timeout", "2s", "saga.compensation.step-timeout", "5s"));
        saga.execute(
                "relational",
                "CREATE TRIGGER refuse BEFORE INSERT ON relational_document BEGIN SELECT RAISE(ABORT, 'refused'); END");
        FaultRule verification =
                saga.s3().when(method("GET").and(hasQuery("list-type"))).beforeForward(() -> {});
        FaultRule hang = saga.s3()
                .when(method("DELETE").or(hasQuery("list-type")))
                .always()
                .hang();

        assertAllChunksLeft(threeChunks(), "STORE_FAILED", () -> {
            saga.s3().clearRules();
            saga.execute("relational", "DROP TRIGGER refuse");
        });

        assertThat(verification.applied()).isOne();
        assertThat(hang.applied()).isPositive();
    }

    private void assertAllChunksLeft(Path file, String reason, Runnable repair) throws Exception {
        LateFailure failed = new LateFailure(saga, saga.ingest(file));

        assertThat(failed.result().status()).as("%s", failed.result()).isEqualTo("PARTIALLY_COMPENSATED");
        assertThat(failed.result().reason()).isEqualTo(reason);
        failed.assertCompensatedExcept();
        assertThat(failed.step("upload")).isEqualTo("RESIDUE");
        assertThat(saga.keys()).as("in the bucket").hasSize(3);
        assertThat(failed.open()).extracting(CleanupEntry::resource).containsAll(saga.keys());
        assertThat(failed.open()).extracting(CleanupEntry::step).containsOnly("upload");
        assertThat(failed.open())
                .extracting(CleanupEntry::lastError)
                .as("it is unknown whether they are there")
                .allMatch(error -> error.contains("cannot list"));
        failed.assertWarned(3, 3, 0.0, "upload");

        repair.run();
        assertThat(Internals.engine(saga.application().bundle())
                        .retry(failed.open().get(0)))
                .isEmpty();
        failed.assertFullyCompensated();
        LateFailure.assertCompletes(saga, file);
    }

    /** Neither the bucket nor the journal can name the chunks, so none counts as removed. */
    @Test
    void fp_24_all_chunks_count_as_failed_when_only_the_prefix_is_known() throws Exception {
        start(Map.of());
        saga.s3().when(method("PUT").and(keyEndsWith("manifest.json"))).beforeForward(() -> {
            saga.execute("journal", "DELETE FROM chunk");
            saga.s3().down();
        });

        LateFailure failed = new LateFailure(saga, saga.ingest(threeChunks()));

        assertThat(failed.open())
                .extracting(CleanupEntry::resource)
                .containsExactly(Aftermath.prefix(saga, failed.result()));
        failed.assertWarned(3, 3, 0.0, "upload");
        saga.s3().up();
        assertThat(Internals.engine(saga.application().bundle())
                        .retry(failed.open().get(0)))
                .isEmpty();
        failed.assertFullyCompensated();
    }

    /**
     * The answer never arrived. The object appears after the compensation, and then the bucket refuses to delete it.
     */
    @Test
    void a_chunk_that_arrives_after_the_compensation_is_residue_until_it_is_gone() throws Exception {
        start(Map.of(
                "saga.s3.timeout",
                "2s",
                "saga.chunk.attempts",
                "1",
                "saga.compensation.max-attempts",
                "3",
                "saga.compensation.retry-delay",
                "1h"));
        FaultRule unanswered =
                saga.s3().when(method("PUT").and(keyEndsWith("chunk-000000"))).hang();
        LateFailure failed = new LateFailure(saga, saga.ingest(saga.file("one.bin", 1000)));
        assertThat(failed.result().status()).as("%s", failed.result()).isEqualTo("COMPENSATED");
        assertThat(unanswered.applied()).isOne();
        FaultRule refusal = refuseDelete("chunk-000000", 403);
        saga.put(Aftermath.prefix(saga, failed.result()) + "chunk-000000", new byte[1000]);

        Internals.engine(saga.application().bundle())
                .removeLateChunks(saga.journal().sagas().find(failed.sagaId()).orElseThrow());

        assertThat(failed.state()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        assertThat(failed.step("upload")).isEqualTo("RESIDUE");
        assertThat(failed.open()).extracting(CleanupEntry::resource).isEqualTo(saga.keys());
        assertThat(failed.failedCleanups())
                .hasSize(1)
                .first()
                .satisfies(line -> assertThat(line.get("lastError").toString()).contains("403"));
        assertThat(failed.alerts())
                .singleElement()
                .satisfies(alert -> assertThat(alert)
                        .containsEntry("type", "PARTIAL_ROLLBACK")
                        .containsEntry("failedChunks", 1)
                        .containsEntry("successRate", 0.0));
        assertThat(saga.journal().sagas().lateWriteChecksDue(Instant.now()))
                .as("from now on, the retries of the entry count")
                .isEmpty();

        assertBlockedThenGone(failed, refusal);
    }

    private void assertBlockedThenGone(LateFailure failed, FaultRule refusal) throws IOException {
        while (failed.open().get(0).state() == CleanupState.PENDING) {
            int before = failed.open().get(0).attempts();
            Internals.engine(saga.application().bundle()).retry(failed.open().get(0));
            assertThat(failed.open().get(0).attempts()).isEqualTo(before + 1);
        }
        assertThat(failed.open().get(0).attempts()).isEqualTo(3);
        assertThat(failed.alerts())
                .as("one alert for the residue, and one when retries end")
                .extracting(alert -> alert.get("severity"))
                .containsExactly("WARNING", "CRITICAL");
        assertThat(failed.alerts().get(1)).containsEntry("type", "PARTIAL_ROLLBACK");
        assertThat(failed.alerts().get(1).get("message").toString()).contains("3 attempts", "not retried any more");
        assertThat(failed.alerts().get(1).get("actionRequired").toString())
                .contains("cleanups retry", "cleanups resolve");
        refusal.remove();
        assertThat(Internals.engine(saga.application().bundle())
                        .retry(failed.open().get(0)))
                .isEmpty();
        failed.assertFullyCompensated();
    }

    /** One delete at a time, so that the store goes down exactly at the 56th. */
    @Test
    void edge_case_2_the_object_store_dies_with_45_of_100_chunks_left() throws Exception {
        // On a slow machine, too, one attempt must be enough.
        start(Map.of("saga.chunk.parallelism", "1", "saga.compensation.step-timeout", "60s"));
        Path file = saga.sparse("zeros.bin", 100L * CHUNK);
        saga.s3().when(method("DELETE")).times(55).beforeForward(() -> {});
        saga.s3().when(method("DELETE")).beforeForward(saga.s3()::down);

        LateFailure failed = LateFailure.of(saga, file);

        assertThat(failed.result().status()).isEqualTo("PARTIALLY_COMPENSATED");
        failed.assertCompensatedExcept();
        assertThat(saga.keys()).hasSize(45);
        assertThat(failed.open()).extracting(CleanupEntry::resource).containsExactlyInAnyOrderElementsOf(saga.keys());
        failed.assertWarned(45, 100, 55.0, "upload 45");

        saga.s3().up();
        Internals.engine(saga.application().bundle()).retry(failed.open().get(0));
        failed.assertFullyCompensated();
    }

    @Test
    void fp_25_the_compensation_of_a_store_throws_an_error() throws Exception {
        Path folder = directory.resolve("crash");
        Files.writeString(
                Files.createDirectories(directory.resolve("routes")).resolve("store-crash.camel.yaml"),
                CrashingStore.routes(folder));
        start(WITH_CRASHING_STORE);
        Path broken = Files.createFile(Files.createDirectories(folder).resolve(CrashingStore.BROKEN));
        Path file = saga.text("keeper.txt", 20);

        LateFailure failed = LateFailure.of(saga, file);

        assertThat(failed.result().status()).isEqualTo("PARTIALLY_COMPENSATED");
        saga.assertNothingAnywhere();
        failed.assertCompensatedExcept();
        assertThat(failed.step("crash")).isEqualTo("RESIDUE");
        assertThat(folder.resolve(failed.sagaId())).exists();
        assertThat(failed.open())
                .extracting(CleanupEntry::step, CleanupEntry::resource)
                .containsExactly(tuple("crash", "crash:" + failed.sagaId()));
        assertCriticallyReported(failed);
        failed.assertWarned(0, 1, 100.0, "crash 1");

        Files.delete(broken);
        assertThat(Internals.engine(saga.application().bundle())
                        .retry(failed.open().get(0)))
                .isEmpty();
        failed.assertFullyCompensated();
        assertThat(folder).isEmptyDirectory();
        LateFailure.assertCompletes(saga, file);
    }

    private static void assertCriticallyReported(LateFailure failed) throws IOException {
        assertThat(failed.criticalFailures())
                .hasSize(1)
                .first()
                .satisfies(line -> assertThat(line)
                        .containsOnlyKeys("timestamp", "sagaId", "step", "error", "status")
                        .containsEntry("sagaId", failed.sagaId())
                        .containsEntry("step", "crash")
                        .extractingByKey("error")
                        .asString()
                        .contains("simulated by the test's own store"));
        List<Map<String, Object>> critical = failed.alerts().stream()
                .filter(alert -> alert.get("severity").equals("CRITICAL"))
                .toList();
        assertThat(critical)
                .hasSize(1)
                .first()
                .satisfies(alert -> assertThat(alert)
                        .containsEntry("type", "ROLLBACK_FAILURE")
                        .containsEntry("sagaId", failed.sagaId())
                        .extractingByKey("message")
                        .asString()
                        .contains("crash"));
    }

    private void start(Map<String, String> settings) throws IOException {
        saga = StreamingSagaFixture.start(directory, settings);
    }

    private Path threeChunks() {
        return saga.file("scan.bin", 2L * CHUNK + 4_321);
    }

    private FaultRule refuseDelete(String key, int status) {
        return saga.s3()
                .when(method("DELETE").and(keyEndsWith(key)))
                .always()
                .answer(status, status == 403 ? "AccessDenied" : "InternalError");
    }
}
