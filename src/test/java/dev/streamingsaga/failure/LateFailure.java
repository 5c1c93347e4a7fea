package dev.streamingsaga.failure;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.FaultRule;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A saga that fails at its last step, the manifest, when every store is written, so that every store has to be
 * compensated; and the reports and alerts that an operator gets.
 */
record LateFailure(StreamingSagaFixture saga, IngestResult result) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The bucket refuses the manifest, for this saga only. */
    static LateFailure of(StreamingSagaFixture saga, Path file) {
        FaultRule refusal = saga.s3()
                .when(method("PUT").and(keyEndsWith("manifest.json")))
                .always()
                .answer(403, "AccessDenied");
        IngestResult result = saga.ingest(file);
        refusal.remove();
        assertThat(refusal.applied()).as("manifests refused").isPositive();
        assertThat(result.reason()).as("%s", result).isEqualTo("STORE_FAILED");
        return new LateFailure(saga, result);
    }

    String sagaId() {
        return result.sagaId();
    }

    SagaState state() {
        return saga.journal().sagas().find(sagaId()).orElseThrow().state();
    }

    List<CleanupEntry> entries() {
        return saga.journal().cleanups().of(sagaId());
    }

    List<CleanupEntry> open() {
        return entries().stream().filter(entry -> entry.state().isOpen()).toList();
    }

    String step(String name) {
        return saga.journal().steps().of(sagaId()).stream()
                .filter(step -> step.name().equals(name))
                .findFirst()
                .orElseThrow()
                .state()
                .name();
    }

    List<Map<String, Object>> alerts() throws IOException {
        return report("rollback_alerts.json");
    }

    List<Map<String, Object>> failedCleanups() throws IOException {
        return report("failed_cleanups.json");
    }

    List<Map<String, Object>> criticalFailures() throws IOException {
        return report("critical_failures.json");
    }

    /** Each line is a JSON object with the fields of the contract, in this order. */
    private List<Map<String, Object>> report(String name) throws IOException {
        List<Map<String, Object>> lines = new ArrayList<>();
        for (String line : saga.report(name)) {
            lines.add(JSON.readValue(line, new TypeReference<Map<String, Object>>() {}));
        }
        return lines;
    }

    /** Only the named built-in stores hold data; all others were written and compensated, as their steps say. */
    void assertCompensatedExcept(String... stores) {
        List<String> left = List.of(stores);
        for (String store : List.of("security", "vector", "graph", "relational")) {
            assertThat(step(store)).as("step %s", store).isEqualTo(left.contains(store) ? "RESIDUE" : "COMPENSATED");
            if (!left.contains(store)) {
                saga.assertEmpty(store);
            }
        }
    }

    /** There is one WARNING, with these counts and a message that names each step; the result has an error for each. */
    void assertWarned(long failedChunks, long totalChunks, double successRate, String... named) throws IOException {
        List<Map<String, Object>> warnings = alerts().stream()
                .filter(alert -> alert.get("severity").equals("WARNING"))
                .toList();
        assertThat(warnings).hasSize(1);
        Map<String, Object> alert = warnings.get(0);
        assertThat(alert)
                .containsOnlyKeys(
                        "timestamp",
                        "severity",
                        "type",
                        "sagaId",
                        "failedChunks",
                        "totalChunks",
                        "successRate",
                        "message",
                        "actionRequired");
        assertThat(alert)
                .containsEntry("type", "PARTIAL_ROLLBACK")
                .containsEntry("sagaId", sagaId())
                .containsEntry("failedChunks", (int) failedChunks)
                .containsEntry("totalChunks", (int) totalChunks)
                .containsEntry("successRate", successRate);
        assertThat(alert.get("message").toString()).contains(named);
        assertThat(result.compensationErrors()).as("compensationErrors").hasSameSizeAs(named);
        assertThat(alert.get("actionRequired").toString()).isNotBlank();
        assertThat(alert.get("timestamp").toString()).matches("20\\d\\d-.*Z");
    }

    /** Nothing is left, and no clean-up is open. */
    void assertFullyCompensated() throws IOException {
        assertThat(state()).isEqualTo(SagaState.COMPENSATED);
        assertThat(open()).isEmpty();
        assertThat(failedCleanups()).isEmpty();
        saga.assertNothingAnywhere();
        assertThat(saga.journal().steps().of(sagaId()))
                .extracting(step -> step.state().name())
                .isSubsetOf("COMPENSATED", "PENDING");
    }

    /** A file completes once the failure is repaired. */
    static void assertCompletes(StreamingSagaFixture saga, Path file) {
        IngestResult good = saga.ingest(file);
        assertThat(good.status()).as("%s", good).isEqualTo("COMPLETED");
        assertThat(saga.keys()).hasSize(good.chunkCount() + 1).allMatch(key -> key.contains(good.sagaId()));
        assertThat(saga.number("relational", "SELECT count(*) FROM relational_document WHERE visible = 1"))
                .isOne();
    }
}
