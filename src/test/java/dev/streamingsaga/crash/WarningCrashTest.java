package dev.streamingsaga.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.crash.ChildJvm.End;
import dev.streamingsaga.testkit.ChildJava;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The process is killed when the warnings are journaled, and the step that found them has not ended. */
@Tag("one-jdk")
@Tag("own-jvm")
class WarningCrashTest {
    @TempDir
    static Path directory;

    @BeforeAll
    static void prepare() {
        ChildJava.prepare();
    }

    @ParameterizedTest
    @CsvSource({"before, INSERT INTO warning, 0", "after, commit of INSERT INTO warning, 1"})
    void fp34_no_warning_is_lost_or_doubled_if_the_process_is_killed_before_the_step_ends(
            String when, String what, int journaled) throws Exception {
        Path data = Files.createDirectories(directory.resolve(when));
        Path damaged = Files.writeString(
                directory.resolve("damaged.pdf"), "%PDF-1.7\n1 0 obj <</Type /Catalog /Pages 7 0 R>>\nstream");
        Map<String, String> kill = Map.of("crash.at", "~" + new Point("journal", what, 1).text(), "crash.when", when);

        End killed = ChildJvm.run(data, kill, "ingest", damaged.toString());
        assertThat(killed.killed()).as("killed, see %s", killed.log()).isTrue();
        assertThat(Oracle.rows(data, "journal", "SELECT state FROM step WHERE name = 'vector'"))
                .containsExactly("WRITING");
        assertThat(warnings(data)).hasSize(journaled);

        End end = ChildJvm.run(data, Map.of(), "recover");
        assertThat(end.exit()).as("%s", end.log()).isZero();

        assertThat(Oracle.rows(
                        data,
                        "journal",
                        "SELECT state || ' ' || run || ' ' || warning_count || ' ' || warning_codes FROM saga"))
                .containsExactly("COMPLETED 2 1 DAMAGED");
        assertThat(warnings(data)).containsExactly("0 DAMAGED");
        Lane.remove(data);
    }

    private static List<String> warnings(Path data) throws SQLException {
        return Oracle.rows(data, "journal", "SELECT ordinal || ' ' || code FROM warning");
    }
}
