package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code retention}, with a running service and without one. */
@Timeout(120)
@Tag("one-jdk")
class RetentionCommandTest {
    @TempDir
    Path directory;

    private static Call withSettings(StreamingSagaFixture saga, String... command) {
        List<String> all = new ArrayList<>(List.of(command));
        saga.settings().forEach((key, value) -> all.addAll(List.of("-D", key + "=" + value)));
        return Call.of(all);
    }

    /** Ended in 1970. */
    private static void endedLongAgo(StreamingSagaFixture saga, String sagaId) {
        saga.execute(
                "journal",
                "INSERT INTO saga (saga_id, state, run, node, lease_until, deadline_at, participants, source, file_name,"
                        + " owner, classification, key_id, received_at, updated_at, finished_at) VALUES ('" + sagaId
                        + "', 'COMPENSATED', 1, 'one', 0, 0, 'security', '/in/a', 'a', 'o', 'internal', 'k', 0, 0, 1)");
    }

    private static JsonNode rule(Call call) throws Exception {
        assertThat(call.code()).as(call.err()).isZero();
        return call.line().path("rules").path(0);
    }

    @Test
    void a_pass_is_previewed_and_made_by_the_running_service_and_by_this_process() throws Exception {
        try (StreamingSagaFixture saga = StreamingSagaFixture.start(
                directory,
                Map.of(
                        "saga.http.enabled",
                        "true",
                        "saga.retention.journal",
                        "P90D",
                        "saga.retention.interval",
                        "7d"))) {
            IngestResult document = saga.ingest(saga.text("letter.txt", 3));
            String first = "0".repeat(25) + "1";
            endedLongAgo(saga, first);

            JsonNode preview = rule(withSettings(saga, "retention", "--dry-run", "--json"));
            assertThat(preview.path("count").asInt()).isOne();
            assertThat(preview.path("ids").path(0).asText()).isEqualTo(first);
            assertThat(saga.journal().sagas().find(first)).isPresent();
            JsonNode run = rule(withSettings(saga, "retention", "run", "--json"));

            assertThat(run.path("count").asInt()).isOne();
            assertThat(saga.journal().sagas().find(first)).isEmpty();
            Path file = saga.data().resolve("archive").resolve(run.path("file").asText());
            assertThat(Files.readString(file)).contains(first);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
            saga.stop(() -> {});
            String second = "0".repeat(25) + "2";
            endedLongAgo(saga, second);

            Call local = withSettings(saga, "retention", "run");

            assertThat(local.code()).as(local.err()).isZero();
            assertThat(local.out()).contains("journal older than P90D: 1 removed", second);
            assertThat(withSettings(saga, "retention").out()).contains("journal older than P90D: 0 would be removed");
            assertThat(Files.readAllLines(file)).hasSize(2);
            saga.restart();
            assertThat(saga.journal().sagas().find(Objects.requireNonNull(document.sagaId())))
                    .isPresent();
        }
    }

    @Test
    void a_period_that_is_too_short_or_no_period_is_refused() {
        Call call = Call.of(List.of(
                "retention",
                "--data",
                directory.toString(),
                "-D",
                "saga.retention.journal=P7D",
                "-D",
                "saga.retention.audit=90d"));

        assertThat(call.code()).isEqualTo(2);
        assertThat(call.err())
                .contains(
                        "saga.retention.journal must be P8D or more",
                        "saga.retention.audit must be empty, or a period");
    }
}
