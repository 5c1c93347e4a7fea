package dev.streamingsaga.cli;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupEntry.CleanupState;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code cleanups retry} and {@code resolve} from a second terminal, while the application works in the same data
 * directory.
 */
@Tag("one-jdk")
@Timeout(120)
@Tag("own-jvm")
class CleanupsCommandTest {
    @TempDir
    Path directory;

    private StreamingSagaFixture service;
    private CleanupEntry entry;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void create_residue_in_the_graph_store() throws Exception {
        service = StreamingSagaFixture.start(directory, Map.of("saga.compensation.max-attempts", "3"));
        service.execute(
                "graph",
                "CREATE TRIGGER refuse BEFORE DELETE ON graph_node"
                        + " BEGIN SELECT RAISE(ABORT, 'refused on purpose'); END");
        service.s3()
                .when(method("PUT").and(keyEndsWith("manifest.json")))
                .always()
                .answer(403, "AccessDenied");
        assertThat(service.ingest(service.text("keeper.txt", 20)).status()).isEqualTo("PARTIALLY_COMPENSATED");
        entry = service.journal().cleanups().all().get(0);
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private int saga(String... args) {
        out.getBuffer().setLength(0);
        return Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    private CleanupState state() {
        return service.journal()
                .cleanups()
                .find(entry.cleanupId())
                .orElseThrow()
                .state();
    }

    private String data() {
        return service.data().toString();
    }

    @Test
    void delete_is_executed_by_the_service_that_runs_and_reports_residue() throws Exception {
        service.s3().clearRules();
        String document = service.ingest(service.text("gulls.txt", 5)).documentId();

        assertThat(saga("delete", document, "--reason", "a test", "--data", data()))
                .as("%s", err)
                .isEqualTo(3);

        assertThat(out.toString()).contains("visible nowhere", "1 piece of its data");
    }

    @Test
    void retries_while_a_service_runs_and_prints_the_result() throws Exception {
        assertThat(saga("cleanups", "--data", data(), "retry", entry.cleanupId()))
                .as("%s", err)
                .isEqualTo(3);
        assertThat(out.toString())
                .contains(
                        "PENDING",
                        "2 attempts",
                        "refused on purpose",
                        "1 entry of the step is still open",
                        "is PARTIALLY_COMPENSATED");

        service.execute("graph", "DROP TRIGGER refuse");

        assertThat(saga("cleanups", "retry", entry.cleanupId(), "--data", data(), "--json"))
                .as("%s", err)
                .isZero();
        JsonNode line = new ObjectMapper().readTree(out.toString());
        assertThat(line.get("id").asText()).isEqualTo(entry.cleanupId());
        assertThat(line.get("status").asText()).isEqualTo("DONE");
        assertThat(state()).isEqualTo(CleanupState.DONE);
        assertThat(service.rows("graph", "graph_node")).isZero();
        assertThat(service.column("journal", "SELECT state FROM saga")).containsExactly("COMPENSATED");
        assertThat(service.report("failed_cleanups.json")).isEmpty();
    }

    @Test
    void says_what_an_operator_can_do_about_a_blocked_entry() {
        assertThat(saga("cleanups", "--data", data())).isZero();
        assertThat(out.toString()).contains("PENDING", "next attempt at " + entry.nextAttemptAt());

        saga("cleanups", "--data", data(), "retry", entry.cleanupId());
        assertThat(saga("cleanups", "--data", data(), "retry", entry.cleanupId()))
                .as("%s", err)
                .isEqualTo(3);

        assertThat(out.toString())
                .contains(
                        "BLOCKED",
                        "no more automatic attempts",
                        "cleanups retry " + entry.cleanupId(),
                        "cleanups resolve " + entry.cleanupId() + " --reason");
    }

    @Test
    void resolves_an_entry_of_a_running_service_which_rewrites_its_reports() throws IOException {
        assertThat(service.report("failed_cleanups.json")).hasSize(1);

        assertThat(saga(
                        "cleanups",
                        "--json",
                        "resolve",
                        entry.cleanupId(),
                        "--reason",
                        "ticket 4711",
                        "--data",
                        data()))
                .as("%s", err)
                .isZero();

        JsonNode line = new ObjectMapper().readTree(out.toString());
        assertThat(line.get("status").asText()).isEqualTo("RESOLVED");
        assertThat(line.get("resolution").asText()).isEqualTo("ticket 4711");
        assertThat(state()).isEqualTo(CleanupState.RESOLVED);
        assertThat(service.report("failed_cleanups.json")).isEmpty();
        assertThat(service.column("journal", "SELECT count(*) FROM cleanup WHERE wish IS NOT NULL"))
                .containsExactly("0");
    }

    @Test
    void prints_equal_events_once_with_a_count() {
        service.execute(
                "journal",
                "INSERT INTO event SELECT event_id || 'a', saga_id, at, kind, step, message, detail, told_at"
                        + " FROM event WHERE kind = 'COMPENSATION_ERROR'");
        assertThat(saga("status", entry.sagaId(), "--data", data())).isZero();
        assertThat(out.toString().lines().filter(line -> line.contains("COMPENSATION_ERROR")))
                .singleElement()
                .asString()
                .contains("refused on purpose", " (2 times, last ");
    }

    @Test
    void rejects_an_entry_that_is_not_open() {
        assertThat(saga("cleanups", "resolve", entry.cleanupId(), "--reason", "done", "--data", data()))
                .isZero();
        assertThat(out.toString())
                .isEqualTo("closed " + entry.cleanupId() + "; no data was removed\nsaga " + entry.sagaId()
                        + " is COMPENSATED\n");
        for (String verb : List.of("retry", "resolve")) {
            assertThat(saga(
                            "cleanups",
                            verb,
                            entry.cleanupId(),
                            "--data",
                            data(),
                            verb.equals("resolve") ? "--reason=again" : "--json"))
                    .isEqualTo(2);
            assertThat(err.toString()).contains("no open clean-up entry");
        }
        assertThat(service.journal()
                        .cleanups()
                        .find(entry.cleanupId())
                        .orElseThrow()
                        .resolution())
                .isEqualTo("done");
    }
}
