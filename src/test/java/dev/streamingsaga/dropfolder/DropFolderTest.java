package dev.streamingsaga.dropfolder;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.Internals;
import dev.streamingsaga.audit.AuditEntry;
import dev.streamingsaga.audit.AuditFilter;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.recovery.DocumentCheck;
import dev.streamingsaga.recovery.Drift;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.CoordinatorSettings;
import dev.streamingsaga.testkit.PostgresServer;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real files in a real folder, with the whole application. */
@Tag("one-jdk")
@Timeout(value = 180, threadMode = ThreadMode.SEPARATE_THREAD)
class DropFolderTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path directory;

    private Path drop;
    private StreamingSagaFixture saga;

    @BeforeEach
    void folder() throws IOException {
        drop = Files.createDirectory(directory.toRealPath().resolve("drop"));
    }

    @AfterEach
    void stop() {
        saga.close();
    }

    private void start(String... settings) throws IOException {
        Map<String, String> all = new HashMap<>(Map.of(
                "saga.http.enabled",
                "false",
                "saga.drop.dir",
                drop.toString(),
                "saga.drop.interval",
                "100ms",
                "saga.drop.stable-for",
                "0s"));
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        saga = StreamingSagaFixture.start(directory, all);
    }

    /** Writes the file under another name, then renames it, as a careful writer does. */
    private Path put(String name, String content) throws IOException {
        Path file = drop.resolve(name);
        Files.createDirectories(file.getParent());
        Path draft = Files.writeString(file.resolveSibling("draft" + System.nanoTime() + ".part"), content);
        return Files.move(draft, file);
    }

    private void replace(Path file, String content) throws IOException {
        Files.move(Files.writeString(directory.resolve("next"), content), file, StandardCopyOption.REPLACE_EXISTING);
    }

    private void awaitEnd(String json) {
        await().atMost(Duration.ofSeconds(90)).until(() -> Files.exists(drop.resolve(json)));
    }

    private void awaitGone(Path file) {
        await().atMost(Duration.ofSeconds(90)).until(() -> !Files.exists(file, LinkOption.NOFOLLOW_LINKS));
    }

    private JsonNode outcome(String json) throws IOException {
        return JSON.readTree(Files.readAllBytes(drop.resolve(json)));
    }

    private List<SagaRecord> sagasOf(Path file) {
        return saga.journal().sagas().newest(1000).stream()
                .filter(found -> found.source().equals(file))
                .toList();
    }

    /** Files below a folder, without our lock files. */
    private List<String> files(String folder) throws IOException {
        if (!Files.exists(drop.resolve(folder))) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(drop.resolve(folder))) {
            return all.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .map(file -> drop.resolve(folder).relativize(file).toString())
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void a_complete_file_is_stored_and_moved_with_its_outcome_beside_it() throws Exception {
        start();
        Path file = put("a.txt", "The lighthouse keeper counted his gulls.\n");

        awaitGone(file);

        assertThat(files(".done")).containsExactly("a.txt", "a.txt.json");
        assertThat(Files.readString(drop.resolve(".done/a.txt")))
                .isEqualTo("The lighthouse keeper counted his gulls.\n");
        JsonNode outcome = outcome(".done/a.txt.json");
        assertThat(outcome.path("status").asText()).isEqualTo("COMPLETED");
        assertThat(outcome.path("file").asText()).isEqualTo(file.toString());
        assertThat(outcome.path("stores").path("relational").asLong()).isEqualTo(1);
        assertThat(saga.rows("relational", "relational_document WHERE visible = 1"))
                .isEqualTo(1);
        assertThat(saga.journal().audit().page(AuditFilter.ALL, 0, 100))
                .filteredOn(entry -> entry.action().equals("INGEST"))
                .singleElement()
                .returns("drop-folder", AuditEntry::actor);
    }

    /** The second file of a name is moved to another name. */
    @Test
    void a_moved_original_still_repairs_its_document() throws Exception {
        start("saga.drop.recursive", "true");
        awaitGone(put("in/a.txt", "The lighthouse keeper counted his gulls.\n"));
        awaitEnd(".done/in/a.txt.json");
        awaitGone(put("in/a.txt", "The lighthouse keeper counted his ducks.\n"));
        await().atMost(Duration.ofSeconds(90))
                .ignoreException(UncheckedIOException.class)
                .until(() -> files(".done").size() == 4);
        assertThat(files(".done")).contains("in/a.txt");
        DocumentCheck check = Internals.documentCheck(saga.application().bundle());

        for (SagaRecord stored : saga.journal().sagas().current()) {
            String chunk = stored.document().orElseThrow().keyPrefix() + "chunk-000000";
            saga.bucket()
                    .deleteObject(r -> r.bucket(StreamingSagaFixture.BUCKET).key(chunk));

            assertThat(check.repair(stored, false)).isNotEmpty().allMatch(Drift::repaired);
            assertThat(check.check(stored, true)).isEmpty();
        }
        assertThat(saga.journal().sagas().current()).hasSize(2);
    }

    @Test
    void a_file_that_is_still_being_written_is_not_ingested_before_it_is_complete() throws Exception {
        start("saga.drop.stable-for", "3s");
        CountDownLatch enough = new CountDownLatch(1);
        Path growing = drop.resolve("growing.txt");
        CompletableFuture<Long> writer = Background.run("writer", () -> {
            try {
                long lines = 0;
                do {
                    Files.writeString(
                            growing,
                            "Line " + lines++ + " of the log book.\n",
                            StandardOpenOption.CREATE,
                            StandardOpenOption.APPEND);
                } while (!enough.await(50, TimeUnit.MILLISECONDS));
                return lines;
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        // Dropped after the growing file, completed before it.
        await().until(() -> Files.exists(growing));
        put("whole.txt", "Complete from the beginning.\n");
        awaitEnd(".done/whole.txt.json");

        assertThat(sagasOf(growing)).as("while it grows").isEmpty();
        enough.countDown();
        long lines = writer.join();
        awaitGone(growing);

        assertThat(sagasOf(growing))
                .singleElement()
                .extracting(SagaRecord::state)
                .isEqualTo(SagaState.COMPLETED);
        assertThat(Files.readAllLines(drop.resolve(".done/growing.txt"))).hasSize((int) lines);
        assertThat(outcome(".done/growing.txt.json").path("sizeBytes").asLong())
                .isEqualTo(Files.size(drop.resolve(".done/growing.txt")));
    }

    @Test
    void files_with_temporary_names_are_ignored_until_they_are_renamed() throws Exception {
        start();
        Path hidden = Files.writeString(drop.resolve(".a.txt"), "hidden");
        Path part = Files.writeString(drop.resolve("b.txt.part"), "half");
        Path tmp = Files.writeString(drop.resolve("c.TMP"), "half");
        put("first.txt", "first");
        awaitEnd(".done/first.txt.json");
        Files.move(part, drop.resolve("b.txt"));
        awaitEnd(".done/b.txt.json");

        assertThat(saga.journal().sagas().newest(10))
                .extracting(SagaRecord::fileName)
                .containsExactlyInAnyOrder("first.txt", "b.txt");
        assertThat(hidden).exists();
        assertThat(tmp).exists();
    }

    @Test
    void files_of_browsers_editors_and_systems_are_ignored() throws Exception {
        List<String> ignored = List.of(
                "a.filepart",
                "b.crdownload",
                "c.partial",
                "d.download",
                "e.opdownload",
                "f.aria2",
                "g.!ut",
                "h.swp",
                "x~",
                "~$c.docx",
                "Thumbs.db",
                "desktop.ini",
                ".DS_Store",
                "@eaDir/z.txt");
        for (String name : ignored) {
            Files.createDirectories(drop.resolve(name).getParent());
            Files.writeString(drop.resolve(name), "half");
        }
        start("saga.drop.recursive", "true");
        // Two scans after all of them existed.
        awaitGone(put("zz1.txt", "first"));
        awaitGone(put("zz2.txt", "second"));

        assertThat(ignored).allMatch(name -> Files.exists(drop.resolve(name)));
        assertThat(saga.journal().sagas().newest(100))
                .extracting(SagaRecord::fileName)
                .containsExactly("zz2.txt", "zz1.txt");
    }

    @Test
    void a_done_file_says_that_a_file_is_complete_and_is_removed_with_it() throws Exception {
        start("saga.drop.done-file", "${name}.done");
        Path waiting = put("waiting.txt", "not yet");
        Path ready = put("ready.txt", "complete");
        Path marker = Files.createFile(drop.resolve("ready.txt.done"));

        awaitGone(marker);

        assertThat(ready).doesNotExist();
        assertThat(files(".done")).containsExactly("ready.txt", "ready.txt.json");
        assertThat(waiting).exists();
        assertThat(sagasOf(waiting)).isEmpty();
    }

    @Test
    void a_second_file_of_a_name_never_replaces_the_first() throws Exception {
        start();
        awaitGone(put("a.txt", "first version\n"));
        awaitGone(put("a.txt", "second version\n"));
        String second = saga.journal().sagas().newest(1).get(0).sagaId();
        awaitGone(put("a.txt", "second version\n"));

        assertThat(files(".done"))
                .containsExactlyInAnyOrder(
                        "a.txt",
                        "a.txt.json",
                        "a-" + second + ".txt",
                        "a-" + second + ".txt.json",
                        "a-" + second + "-2.txt",
                        "a-" + second + "-2.txt.json");
        assertThat(Files.readString(drop.resolve(".done/a.txt"))).isEqualTo("first version\n");
        assertThat(Files.readString(drop.resolve(".done/a-" + second + ".txt"))).isEqualTo("second version\n");
        assertThat(saga.journal().sagas().newest(10))
                .as("the third has the content of the second: the result is the same document")
                .hasSize(2);
    }

    @Test
    void sub_folders_keep_their_structure_and_a_failed_file_moves_to_failed() throws Exception {
        start("saga.drop.recursive", "true", "saga.drop.types", "text/*,.dat");
        Path good = put(
                "north/skagen/a.txt",
                "The lighthouse keeper counted his gulls, one after the other, until the evening came.\n");
        Path bad = put("north/b.bin", "\0\1\2\3\0\0\0\11");
        Path bySuffix = put("north/c.dat", "\0\1\2\3\0\0\0\11");

        awaitGone(good);
        awaitGone(bad);
        awaitGone(bySuffix);

        assertThat(files(".done"))
                .containsExactly("north/c.dat", "north/c.dat.json", "north/skagen/a.txt", "north/skagen/a.txt.json");
        assertThat(files(".failed")).containsExactly("north/b.bin", "north/b.bin.json");
        assertThat(outcome(".failed/north/b.bin.json").path("status").asText()).isEqualTo("COMPENSATED");
        assertThat(outcome(".failed/north/b.bin.json").path("message").asText()).contains("saga.drop.types");
    }

    @Test
    void kept_files_are_ingested_once_and_again_only_after_they_change() throws Exception {
        start("saga.drop.after", "keep", "saga.duplicates", "version");
        Path file = put("a.txt", "first version\n");
        Path large = put("empty.txt", "");
        awaitEnd(".done/a.txt.json");
        awaitEnd(".done/empty.txt.json");
        saga.restart();
        // Scanned after the others.
        put("z.txt", "another\n");
        awaitEnd(".done/z.txt.json");
        assertThat(sagasOf(file)).hasSize(1);
        assertThat(sagasOf(large)).hasSize(1);

        replace(file, "second version\n");

        await().atMost(Duration.ofSeconds(60))
                .until(() -> sagasOf(file).size() == 2 && sagasOf(file).get(0).state() == SagaState.COMPLETED);
        assertThat(file).exists();
        awaitEnd(".done/a-" + sagasOf(file).get(0).sagaId() + ".txt.json");
        assertThat(files(".done")).contains("a.txt.json");
    }

    @Test
    void bad_files_do_not_block_the_others() throws Exception {
        Files.writeString(directory.resolve("secret.txt"), "not meant for anybody");
        Files.createSymbolicLink(drop.resolve("link.txt"), directory.resolve("secret.txt"));
        Files.createDirectory(directory.resolve("elsewhere"));
        Files.writeString(directory.resolve("elsewhere/e.txt"), "elsewhere");
        Files.createSymbolicLink(drop.resolve("linked-folder"), directory.resolve("elsewhere"));
        Files.createSymbolicLink(drop.resolve("dangling"), directory.resolve("nowhere"));
        assertThat(new ProcessBuilder("mkfifo", drop.resolve("pipe").toString())
                        .start()
                        .waitFor())
                .isZero();
        Files.createDirectory(drop.resolve("folder.txt"));
        String longName = "n".repeat(251) + ".txt";
        put(longName, "a long name\n");
        put("line\nend\u001b[31m.txt", "a name with control characters\n");
        put("big.txt", "x".repeat(2000));
        put("empty.txt", "");
        for (int i = 0; i < 12; i++) {
            put("good-" + i + ".txt", "Good file number " + i + "\n");
        }

        start("saga.drop.recursive", "true", "saga.drop.max-size", "1000B");
        await().atMost(Duration.ofSeconds(120))
                .ignoreException(UncheckedIOException.class)
                .until(() -> files(".done").size() == 30 && files(".failed").size() == 2);

        assertThat(files("")).filteredOn(name -> !name.startsWith(".")).isEmpty();
        assertThat(Files.isSymbolicLink(drop.resolve("link.txt"))).isTrue();
        assertThat(Files.exists(drop.resolve("pipe"))).isTrue();
        assertThat(files(".done"))
                .contains("line\nend\u001b[31m.txt", "empty.txt")
                .doesNotContain("e.txt", "link.txt");
        assertThat(files(".done"))
                .filteredOn(name -> name.startsWith("nnn"))
                .hasSize(2)
                .allMatch(name -> name.getBytes().length <= 255);
        assertThat(files(".failed")).containsExactly("big.txt", "big.txt.json");
        assertThat(outcome(".failed/big.txt.json").path("reason").asText()).isEqualTo("FILE_TOO_LARGE");
        assertThat(saga.journal().sagas().newest(100))
                .hasSize(16)
                .noneMatch(found -> found.fileName().matches("(?s).*\\p{Cc}.*"));
    }

    @Test
    void a_file_that_changes_while_it_is_read_is_compensated_and_ingested_again_in_its_new_state() throws Exception {
        start("saga.chunk.attempts", "1");
        CountDownLatch sending = new CountDownLatch(1);
        CountDownLatch changed = new CountDownLatch(1);
        saga.s3().when(method("PUT").and(keyEndsWith("/chunk-000000"))).beforeForward(() -> {
            sending.countDown();
            changed.await();
        });
        Path file = put("a.txt", "The first version of a text.\n");
        assertThat(sending.await(60, TimeUnit.SECONDS)).isTrue();
        replace(file, "The second version, which is longer.\n");
        changed.countDown();

        awaitGone(file);

        assertThat(sagasOf(file))
                .extracting(SagaRecord::state)
                .containsExactly(SagaState.COMPLETED, SagaState.COMPENSATED);
        assertThat(Files.readString(drop.resolve(".done/a.txt"))).startsWith("The second version");
        assertThat(outcome(".failed/a.txt.json").path("reason").asText()).isEqualTo("HASH_MISMATCH");
    }

    @ParameterizedTest
    @ValueSource(strings = {"move", "keep"})
    void fp_48_a_file_that_its_owner_deletes_after_the_gate_has_an_outcome(String after) throws Exception {
        start("saga.drop.after", after);
        Path file = drop.resolve("a.txt");
        saga.duringStep(
                "security", () -> put("a.txt", "A text whose owner removes it early.\n"), () -> Files.delete(file));

        awaitEnd(".done/a.txt.json");

        assertThat(outcome(".done/a.txt.json").path("status").asText()).isEqualTo("COMPLETED");
        assertThat(files(".done")).containsExactly("a.txt.json");
        assertThat(sagasOf(file)).extracting(SagaRecord::state).containsExactly(SagaState.COMPLETED);
    }

    @Test
    void fp_48_a_file_that_changes_after_the_gate_is_stored_as_it_was_and_then_ingested_again() throws Exception {
        start();
        Path file = drop.resolve("a.txt");
        saga.duringStep(
                "security",
                () -> put("a.txt", "The first version of a text.\n"),
                () -> replace(file, "The second version, which is longer.\n"));

        awaitGone(file);

        assertThat(sagasOf(file))
                .extracting(SagaRecord::state)
                .containsExactly(SagaState.COMPLETED, SagaState.COMPLETED);
        assertThat(sagasOf(file).get(1).document().orElseThrow().sizeBytes()).isEqualTo(29);
        assertThat(sagasOf(file).get(0).document().orElseThrow().sizeBytes()).isEqualTo(37);
    }

    @Test
    void ingests_at_most_as_many_files_at_a_time_as_sagas_may_run() throws Exception {
        start("saga.concurrency", "2");
        CountDownLatch two = new CountDownLatch(2);
        CountDownLatch release = new CountDownLatch(1);
        saga.s3().when(method("PUT").and(keyEndsWith("/chunk-000000"))).always().beforeForward(() -> {
            two.countDown();
            release.await();
        });
        List<Path> files = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            files.add(put("f" + i + ".txt", "file " + i + "\n"));
        }
        assertThat(two.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(saga.journal().sagas().newest(100))
                .as("the others wait as files, not as sagas")
                .hasSize(2);
        release.countDown();

        files.forEach(this::awaitGone);
        assertThat(files(".done")).hasSize(12);
        assertThat(saga.journal().sagas().newest(100)).hasSize(6);
    }

    @Test
    void ingests_the_next_file_as_soon_as_a_saga_ends_without_another_scan() throws Exception {
        for (int i = 0; i < 12; i++) {
            put("f" + i + ".txt", "file " + i + "\n");
        }
        start("saga.drop.interval", "1h", "saga.concurrency", "2");

        await().atMost(Duration.ofSeconds(90))
                .ignoreException(UncheckedIOException.class) // a temporary file has got its name
                .until(() -> files(".done").size() == 24);
        assertThat(saga.journal().sagas().newest(100)).hasSize(12);
    }

    @Test
    void a_second_journal_ingests_no_file_of_the_folder_while_the_first_one_runs() throws Exception {
        start();
        awaitGone(put("a.txt", "a"));
        Map<String, String> second = new HashMap<>(saga.settings());
        second.putAll(Map.of(
                "saga.data.dir",
                directory.resolve("data2").toString(),
                "saga.chunk.prefix",
                "second",
                "saga.name",
                "second",
                "saga.drop.after",
                "keep"));
        try (Application beside = Application.serve(Settings.parse(second))) {
            for (int i = 0; i < 10; i++) {
                awaitGone(put("f" + i + ".txt", "file " + i + "\n"));
            }
            assertThat(Internals.journal(beside.bundle()).sagas().newest(100)).isEmpty();
            assertThat(saga.journal().sagas().newest(100))
                    .hasSize(11)
                    .allMatch(found -> found.state() == SagaState.COMPLETED);

            saga.application().close();
            Path kept = put("last.txt", "last\n");
            awaitEnd(".done/last.txt.json");

            assertThat(kept).exists();
            assertThat(Internals.journal(beside.bundle()).sagas().newest(100))
                    .extracting(SagaRecord::fileName)
                    .containsExactly("last.txt");
            assertThat(lockFiles())
                    .as("the lock file of the first journal is removed")
                    .hasSize(1);
        }
    }

    private List<String> lockFiles() throws IOException {
        try (Stream<Path> all = Files.list(drop.resolve(".done"))) {
            return all.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith(".owner-"))
                    .toList();
        }
    }

    @Test
    void a_new_journal_takes_over_the_folder_after_the_old_one_is_lost() throws Exception {
        start();
        awaitGone(put("a.txt", "a"));
        List<String> before = lockFiles();
        saga.restart(Map.of("saga.data.dir", directory.resolve("data2").toString()));
        awaitGone(put("b.txt", "b"));

        assertThat(files(".done")).containsExactly("a.txt", "a.txt.json", "b.txt", "b.txt.json");
        assertThat(lockFiles()).hasSize(1).doesNotContainAnyElementsOf(before);
    }

    @Test
    void ingests_at_most_the_configured_number_of_files_in_a_minute() throws Exception {
        start("saga.drop.max-per-minute", "3");
        for (int i = 0; i < 5; i++) {
            put("f" + i + ".txt", "file " + i + "\n");
        }
        await().atMost(Duration.ofSeconds(50)).until(() -> files(".done").size() == 6);
        assertThat(saga.journal().sagas().newest(100)).hasSize(3);
    }

    @Test
    void the_file_of_a_paused_saga_stays_in_the_folder_until_the_saga_is_resumed() throws Exception {
        start();
        CountDownLatch sending = new CountDownLatch(1);
        CountDownLatch paused = new CountDownLatch(1);
        saga.s3().when(method("PUT").and(keyEndsWith("/chunk-000000"))).beforeForward(() -> {
            sending.countDown();
            paused.await();
        });
        Path file = put("a.txt", "a\n");
        assertThat(sending.await(60, TimeUnit.SECONDS)).isTrue();
        CompletableFuture<?> pausing = Background.run(
                "pause",
                () -> Internals.engine(saga.application().bundle())
                        .pause(sagasOf(file).get(0).sagaId()));
        await().until(() -> Internals.runs(saga.application().bundle())
                .find(sagasOf(file).get(0).sagaId())
                .filter(run -> run.revocation().isEmpty())
                .isEmpty());
        paused.countDown();
        pausing.join();
        await().until(() -> sagasOf(file).get(0).state() == SagaState.PAUSED);
        awaitGone(put("other.txt", "other\n"));
        assertThat(file).exists();
        assertThat(sagasOf(file)).hasSize(1);

        Internals.recovery(saga.application().bundle())
                .resume(sagasOf(file).get(0))
                .join();

        awaitGone(file);
        assertThat(sagasOf(file)).singleElement().extracting(SagaRecord::state).isEqualTo(SagaState.COMPLETED);
        assertThat(files(".done")).contains("a.txt", "a.txt.json");
    }

    @Test
    void two_instances_with_one_journal_share_a_folder_and_ingest_no_file_twice() throws Exception {
        Map<String, String> other = new HashMap<>(Map.of(
                "saga.http.enabled",
                "false",
                "saga.drop.dir",
                drop.toString(),
                "saga.drop.interval",
                "100ms",
                "saga.drop.stable-for",
                "0s"));
        try (PostgresServer postgres = PostgresServer.installed()) {
            other.put("saga.journal.url", postgres.url());
            other.put("saga.duplicates", "version");
            saga = StreamingSagaFixture.start(directory, other);
            Map<String, String> second = new HashMap<>(other);
            second.put("saga.name", "second");
            second.put("saga.data.dir", directory.resolve("data2").toString());
            second.put(
                    "saga.coordinator.url", StreamingSagaFixture.coordinator().toString());
            second.put("saga.coordinator.secret", CoordinatorSettings.SECRET);
            second.put("saga.routes.dir", directory.resolve("routes").toString());
            second.put("saga.s3.endpoint", saga.s3().uri().toString());
            second.put("saga.s3.access-key", saga.config().servers().s3().accessKey());
            second.put("saga.s3.secret-key", saga.config().servers().s3().secretKey());
            for (String store : List.of("security", "vector", "graph", "relational")) {
                second.put(
                        "saga.store." + store + ".url",
                        "jdbc:sqlite:" + saga.data().resolve(store + ".db"));
            }
            try (Application beside = Application.serve(Settings.parse(second))) {
                List<Path> files = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    files.add(put("f" + i + ".txt", "file " + i + "\n"));
                }
                files.forEach(this::awaitGone);
                assertThat(saga.journal().sagas().newest(100))
                        .hasSize(20)
                        .allMatch(found -> found.state() == SagaState.COMPLETED);
            }
            assertThat(files(".done")).hasSize(40);
            assertThat(saga.rows("relational", "relational_document WHERE visible = 1"))
                    .isEqualTo(20);
        }
    }
}
