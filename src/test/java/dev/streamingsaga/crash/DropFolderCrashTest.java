package dev.streamingsaga.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.crash.ChildJvm.End;
import dev.streamingsaga.testkit.ChildJava;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** FP-34 for a dropped file: the process is killed at each stage and restarted. */
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
    @CsvSource(
            delimiter = '|',
            value = {
                "before the saga | journal | INSERT INTO source_claim | before | 1",
                "saga just journaled | journal | UPDATE saga SET lra_id | before | 2",
                "during the upload | s3 | PutObject saga/*/chunk | after | 2",
                "outcome just journaled | drop | outcome | before | 1",
                "outcome written | drop | outcome | after | 1",
                "before the move | drop | move | before | 1",
                "moved | drop | move | after | 1",
            })
    void fp34_a_dropped_file_is_stored_once_and_moved_once_wherever_the_process_is_killed(
            String moment, String kind, String what, String when, int runs) throws Exception {
        Path data = Files.createDirectories(directory.resolve(moment.replace(' ', '-')));
        Path drop = Files.createDirectories(data.resolveSibling(data.getFileName() + "-drop"));
        Files.writeString(drop.resolve("a.txt"), TEXT);
        Map<String, String> settings = new HashMap<>(Map.of(
                "saga.http.enabled",
                "false",
                "saga.drop.dir",
                drop.toString(),
                "saga.drop.stable-for",
                "0s",
                "saga.drop.interval",
                "100ms",
                "saga.duplicates",
                "version"));
        Map<String, String> kill = new HashMap<>(settings);
        kill.put("crash.at", "~" + new Point(kind, what, 1).text());
        kill.put("crash.when", when);

        End killed = ChildJvm.run(data, kill, "drop", drop.toString());
        assertThat(killed.killed()).as("killed, see %s", killed.log()).isTrue();
        assertThat(Files.exists(drop.resolve("a.txt")))
                .as("still where it was dropped")
                .isEqualTo(!moment.equals("moved"));

        End end = ChildJvm.run(data, settings, "drop", drop.toString());
        assertThat(end.exit()).as("%s", end.log()).isZero();

        assertThat(files(drop)).containsExactly(".done/a.txt", ".done/a.txt.json");
        assertThat(Files.readString(drop.resolve(".done/a.txt"))).isEqualTo(TEXT);
        JsonNode outcome = new ObjectMapper().readTree(Files.readAllBytes(drop.resolve(".done/a.txt.json")));
        assertThat(Oracle.rows(data, "journal", "SELECT saga_id || ' ' || state || ' ' || run FROM saga"))
                .containsExactly(outcome.path("sagaId").asText() + " COMPLETED " + runs);
        assertThat(Oracle.count(data, "relational", "relational_document WHERE visible = 1"))
                .isEqualTo(1);
        Lane.remove(data);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "moved, not marked | move | after",
                "about to go back | return | before",
                "back again | return | after",
            })
    void a_file_that_grew_in_done_is_ingested_again_with_one_alert_wherever_the_process_is_killed(
            String moment, String what, String when) throws Exception {
        Path data = Files.createDirectories(directory.resolve(moment.replaceAll("[^a-z]+", "-")));
        Path drop = Files.createDirectories(data.resolveSibling(data.getFileName() + "-drop"));
        Path stop = data.resolveSibling(data.getFileName() + "-stop");
        Path file = Files.writeString(drop.resolve("a.txt"), TEXT);
        FileTime time = Files.getLastModifiedTime(file);
        Map<String, String> settings = new HashMap<>(Map.of(
                "saga.http.enabled",
                "false",
                "saga.drop.dir",
                drop.toString(),
                "saga.drop.stable-for",
                "0s",
                "saga.drop.interval",
                "100ms",
                "saga.drop.watch-after",
                "60s"));
        if (!what.equals("move")) {
            assertThat(ChildJvm.run(data, settings, "drop", drop.toString()).exit())
                    .isZero();
            grow(drop, time);
        }
        Map<String, String> kill = new HashMap<>(settings);
        kill.put("crash.at", "~" + new Point("drop", what, 1).text());
        kill.put("crash.when", when);
        End killed = ChildJvm.run(data, kill, "serve", stop.toString());
        assertThat(killed.killed()).as("killed, see %s", killed.log()).isTrue();
        if (what.equals("move")) {
            grow(drop, time);
        }

        ChildJvm.Running next = ChildJvm.launch(data, settings, "serve", stop.toString());
        await().atMost(Duration.ofSeconds(100))
                .until(() -> files(drop).size() == 3 && !Files.exists(drop.resolve("a.txt")));
        Files.createFile(stop);
        assertThat(next.end().exit()).isZero();

        List<String> sagas =
                Oracle.rows(data, "journal", "SELECT saga_id FROM saga WHERE state = 'COMPLETED' ORDER BY saga_id");
        assertThat(sagas).hasSize(2);
        String whole = ".done/a-" + sagas.get(1) + ".txt";
        assertThat(files(drop)).containsExactlyInAnyOrder(".done/a.txt.json", whole, whole + ".json");
        assertThat(Files.readString(drop.resolve(whole))).isEqualTo(TEXT + TEXT);
        assertThat(Oracle.rows(data, "journal", "SELECT size_bytes FROM saga ORDER BY saga_id"))
                .containsExactly("" + TEXT.length(), "" + 2 * TEXT.length());
        assertThat(Oracle.rows(data, "journal", "SELECT saga_id FROM event WHERE kind = 'ALERT'"))
                .containsExactly(sagas.get(0));
        Lane.remove(data);
    }

    @Test
    void a_file_that_is_deleted_behind_the_gate_gets_its_outcome_after_a_kill() throws Exception {
        Path data = Files.createDirectories(directory.resolve("deleted"));
        Path drop = Files.createDirectories(data.resolveSibling("deleted-drop"));
        Path stop = data.resolveSibling("deleted-stop");
        Path file = Files.writeString(drop.resolve("a.txt"), TEXT);
        Map<String, String> settings = Map.of(
                "saga.http.enabled",
                "false",
                "saga.drop.dir",
                drop.toString(),
                "saga.drop.stable-for",
                "0s",
                "saga.drop.interval",
                "100ms");
        Map<String, String> kill = new HashMap<>(settings);
        kill.put("crash.at", "~" + new Point("s3", "PutObject saga/*/manifest", 1).text());
        kill.put("crash.when", "before");
        End killed = ChildJvm.run(data, kill, "drop", drop.toString());
        assertThat(killed.killed()).as("killed, see %s", killed.log()).isTrue();
        Files.delete(file);

        ChildJvm.Running next = ChildJvm.launch(data, settings, "serve", stop.toString());
        await().atMost(Duration.ofSeconds(100)).until(() -> files(drop).equals(List.of(".done/a.txt.json")));
        Files.createFile(stop);
        assertThat(next.end().exit()).isZero();

        JsonNode outcome = new ObjectMapper().readTree(Files.readAllBytes(drop.resolve(".done/a.txt.json")));
        assertThat(Oracle.rows(data, "journal", "SELECT saga_id || ' ' || state FROM saga"))
                .containsExactly(outcome.path("sagaId").asText() + " COMPLETED");
    }

    private static void grow(Path drop, FileTime time) throws IOException {
        Path file = drop.resolve(".done/a.txt");
        Files.writeString(file, TEXT, StandardOpenOption.APPEND);
        Files.setLastModifiedTime(file, time);
    }

    @Test
    void of_two_processes_with_own_journals_one_takes_the_files_and_the_other_takes_over_when_it_is_killed()
            throws Exception {
        Path drop = Files.createDirectories(directory.resolve("shared-drop"));
        Path stop = directory.resolve("shared-stop");
        Map<String, String> settings = Map.of(
                "saga.http.enabled",
                "false",
                "saga.drop.dir",
                drop.toString(),
                "saga.drop.stable-for",
                "0s",
                "saga.drop.interval",
                "100ms");
        Path one = Files.createDirectories(directory.resolve("one"));
        Path other = Files.createDirectories(directory.resolve("other"));
        ChildJvm.Running first = ChildJvm.launch(one, settings, "serve", stop.toString());
        Files.writeString(drop.resolve("a.txt"), TEXT);
        await().atMost(Duration.ofSeconds(100)).until(() -> Files.exists(drop.resolve(".done/a.txt")));

        ChildJvm.Running second = ChildJvm.launch(other, settings, "serve", stop.toString());
        await().atMost(Duration.ofSeconds(100))
                .until(() -> Files.readString(second.log()).contains("another journal"));
        for (int i = 0; i < 5; i++) {
            Path file = drop.resolve("f" + i + ".txt");
            Files.move(Files.writeString(drop.resolve("draft.part"), TEXT + i), file);
            await().atMost(Duration.ofSeconds(100)).until(() -> !Files.exists(file));
        }
        assertThat(Oracle.count(other, "journal", "saga")).isZero();
        assertThat(first.kill().killed()).isTrue();

        Files.move(Files.writeString(drop.resolve("draft.part"), TEXT + "last"), drop.resolve("last.txt"));
        await().atMost(Duration.ofSeconds(100)).until(() -> Files.exists(drop.resolve(".done/last.txt")));
        Files.createFile(stop);
        assertThat(second.end().exit()).isZero();
        assertThat(Oracle.count(one, "journal", "saga")).isEqualTo(6);
        assertThat(Oracle.count(other, "journal", "saga")).isEqualTo(1);
    }

    /** All files except lock files. Includes drafts of outcomes. */
    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .map(file -> folder.relativize(file).toString())
                    .filter(name -> !name.endsWith(".lock"))
                    .sorted()
                    .toList();
        }
    }
}
