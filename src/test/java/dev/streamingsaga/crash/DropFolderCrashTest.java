package dev.streamingsaga.crash;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.crash.ChildJvm.End;
import dev.streamingsaga.testkit.ChildJava;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** FP-34 for a dropped file: killed at each moment of its way, then started again. */
@Tag("one-jdk")
@Tag("own-jvm")
class DropFolderCrashTest {
    private static final String TEXT = "The lighthouse keeper counted his gulls.\n";

    @TempDir
    static Path directory;

    @BeforeAll
    static void prepare() {
        ChildJava.prepare();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "before the saga | journal | INSERT INTO source_claim | before | 1",
        "saga just journaled | journal | commit of INSERT INTO event | after | 2",
        "during the upload | s3 | PutObject saga/*/chunk | after | 2",
        "outcome just journaled | drop | outcome | before | 1",
        "outcome written | drop | outcome | after | 1",
        "before the move | drop | move | before | 1",
        "moved | drop | move | after | 1",
    })
    void fp34_a_dropped_file_is_stored_once_and_moved_once_wherever_the_process_is_killed(String moment, String kind, String what, String when,
            int runs) throws Exception {
        Path data = Files.createDirectories(directory.resolve(moment.replace(' ', '-')));
        Path drop = Files.createDirectories(data.resolveSibling(data.getFileName() + "-drop"));
        Files.writeString(drop.resolve("a.txt"), TEXT);
        Map<String, String> settings = new HashMap<>(Map.of("saga.http.enabled", "false", "saga.drop.dir", drop.toString(),
                "saga.drop.stable-for", "0s", "saga.drop.interval", "100ms", "saga.duplicates", "version"));
        Map<String, String> kill = new HashMap<>(settings);
        kill.put("crash.at", "~" + new Point(kind, what, 1).text());
        kill.put("crash.when", when);

        End killed = ChildJvm.run(data, kill, "drop", drop.toString());
        assertThat(killed.killed()).as("killed, see %s", killed.log()).isTrue();
        assertThat(Files.exists(drop.resolve("a.txt"))).as("still where it was dropped").isEqualTo(!moment.equals("moved"));

        End end = ChildJvm.run(data, settings, "drop", drop.toString());
        assertThat(end.exit()).as("%s", end.log()).isZero();

        assertThat(files(drop)).containsExactly(".done/a.txt", ".done/a.txt.json");
        assertThat(Files.readString(drop.resolve(".done/a.txt"))).isEqualTo(TEXT);
        JsonNode outcome = new ObjectMapper().readTree(Files.readAllBytes(drop.resolve(".done/a.txt.json")));
        assertThat(Oracle.rows(data, "journal", "SELECT saga_id || ' ' || state || ' ' || run FROM saga"))
                .containsExactly(outcome.path("sagaId").asText() + " COMPLETED " + runs);
        assertThat(Oracle.count(data, "relational", "relational_document WHERE visible = 1")).isEqualTo(1);
        Lane.remove(data);
    }

    /** But what is only ours for locking. A draft of an outcome would be found. */
    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)).map(file -> folder.relativize(file).toString())
                    .filter(name -> !name.endsWith(".lock")).sorted().toList();
        }
    }
}
