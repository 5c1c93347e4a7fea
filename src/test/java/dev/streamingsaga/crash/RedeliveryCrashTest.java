package dev.streamingsaga.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.crash.ChildJvm.End;
import dev.streamingsaga.testkit.ChildJava;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** FP-34 for a document that is to be delivered again: the process is killed around the decision and the start. */
@Tag("one-jdk")
@Tag("own-jvm")
class RedeliveryCrashTest {
    @TempDir
    static Path directory;

    @BeforeAll
    static void prepare() {
        ChildJava.prepare();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "decided, not committed | UPDATE saga SET redelivery | after | 1",
                "about to start | UPDATE saga SET redelivery = ?, next_delivery_at = NULL | before | 1",
                "started, not committed | INSERT INTO saga | after | 2",
            })
    void fp34_a_document_is_delivered_again_once_wherever_the_process_is_killed(
            String moment, String what, String when, int nth) throws Exception {
        Path data = Files.createDirectories(directory.resolve(moment.replaceAll("[^a-z]+", "-")));
        Path drop = Files.createDirectories(data.resolveSibling(data.getFileName() + "-drop"));
        Files.writeString(drop.resolve("a.txt"), "The lighthouse keeper counted his gulls.\n");
        Map<String, String> settings = new HashMap<>(Map.of(
                "saga.http.enabled", "false",
                "saga.drop.dir", drop.toString(),
                "saga.drop.stable-for", "0s",
                "saga.drop.interval", "100ms",
                "saga.duplicates", "version",
                "saga.patience", "0s",
                "saga.redelivery.max", "3",
                "saga.redelivery.delay", "500ms"));
        Map<String, String> kill = new HashMap<>(settings);
        // Nobody listens there: the step vector fails for a transient reason.
        kill.put("saga.embedding.provider", "http");
        kill.put("saga.embedding.url", "http://127.0.0.1:1");
        kill.put("saga.embedding.model", "none");
        kill.put("crash.at", "~" + new Point("journal", what, nth).text());
        kill.put("crash.when", when);

        End killed = ChildJvm.run(data, kill, "drop", drop.toString());
        assertThat(killed.killed()).as("killed, see %s", killed.log()).isTrue();
        assertThat(drop.resolve("a.txt")).exists();

        End end = ChildJvm.run(data, settings, "drop", drop.toString());
        assertThat(end.exit()).as("%s", end.log()).isZero();

        assertThat(drop.resolve(".done/a.txt")).exists();
        assertThat(Oracle.rows(data, "journal", "SELECT attempt || ' ' || state FROM saga ORDER BY saga_id"))
                .containsExactly("1 COMPENSATED", "2 COMPLETED");
        assertThat(Oracle.rows(data, "journal", "SELECT DISTINCT delivery FROM saga"))
                .hasSize(1);
        assertThat(Oracle.count(data, "relational", "relational_document WHERE visible = 1"))
                .isEqualTo(1);
        Lane.remove(data);
    }
}
