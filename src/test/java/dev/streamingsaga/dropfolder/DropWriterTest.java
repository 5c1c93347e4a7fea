package dev.streamingsaga.dropfolder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.source.SourceFile;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Writers that pause longer than {@code saga.drop.stable-for}: in the end every file in {@code .done} is stored, or an
 * alert says that it is not.
 */
@Timeout(value = 180, threadMode = ThreadMode.SEPARATE_THREAD)
class DropWriterTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int FIRST = 11_000;
    private static final int ALL = 23_000;

    @TempDir
    Path directory;

    private Path drop;
    private StreamingSagaFixture saga;

    @BeforeEach
    void folder() throws IOException {
        directory = directory.toRealPath();
        drop = Files.createDirectory(directory.resolve("drop"));
    }

    @AfterEach
    void stop() {
        saga.close();
    }

    private void start(String... settings) throws IOException {
        saga = StreamingSagaFixture.start(
                directory,
                new HashMap<>(Map.of(
                        "saga.http.enabled",
                        "false",
                        "saga.drop.dir",
                        drop.toString(),
                        "saga.drop.interval",
                        "100ms",
                        "saga.drop.stable-for",
                        "200ms",
                        "saga.drop.watch-after",
                        "60s")),
                settings);
    }

    /** How a writer behaves. */
    enum Habit {
        APPENDS,
        PUTS_TIMES_BACK,
        RESERVES_SPACE,
        RESERVES_SPACE_AND_PUTS_TIMES_BACK;

        private boolean reserves() {
            return this == RESERVES_SPACE || this == RESERVES_SPACE_AND_PUTS_TIMES_BACK;
        }

        private boolean putsBack() {
            return this == PUTS_TIMES_BACK || this == RESERVES_SPACE_AND_PUTS_TIMES_BACK;
        }
    }

    /** Writes in two parts and keeps its handle. */
    private static final class Writer implements AutoCloseable {
        private static final FileTime BEFORE = FileTime.fromMillis(1_700_000_000_000L);

        private final Habit habit;
        private final FileChannel channel;

        Writer(Path file, Habit habit) throws IOException {
            this.habit = habit;
            this.channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            if (habit.reserves()) {
                channel.write(ByteBuffer.wrap(new byte[ALL]), 0);
            }
            write(file, 0, FIRST);
        }

        /** @param now the current path of the file, since times are restored by path */
        void resume(Path now) throws IOException {
            write(now, FIRST, ALL);
        }

        private void write(Path now, int from, int to) throws IOException {
            channel.write(ByteBuffer.wrap(content(), from, to - from), from);
            if (habit.putsBack()) {
                Files.setLastModifiedTime(now, BEFORE);
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private static byte[] content() {
        return "The lighthouse keeper counted his gulls. "
                .repeat(600)
                .substring(0, ALL)
                .getBytes();
    }

    private void put(String name, String content) throws IOException {
        Files.move(Files.writeString(directory.resolve("draft"), content), drop.resolve(name));
    }

    private static boolean exists(Path file) {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    private void awaitFile(String name) {
        await().atMost(PATIENCE).until(() -> exists(drop.resolve(name)));
    }

    private List<SagaRecord> sagasOf(String name) {
        return saga.journal().sagas().newest(1000).stream()
                .filter(found -> found.source().equals(drop.resolve(name)))
                .toList();
    }

    private List<Event> alerts(SagaRecord of) {
        return saga.journal().events().of(of.sagaId()).stream()
                .filter(event -> event.kind() == EventKind.ALERT)
                .toList();
    }

    /** A completed saga has the whole content, and each outcome beside a file describes that file. */
    private void assertAllIsStored(String name) throws Exception {
        assertThat(sagasOf(name).get(0).state()).isEqualTo(SagaState.COMPLETED);
        assertThat(sagasOf(name).get(0).document().orElseThrow().sha256()).isEqualTo(sha256(content()));
        try (Stream<Path> done = Files.list(drop.resolve(".done"))) {
            for (Path file : done.filter(found -> found.getFileName().toString().endsWith(".txt"))
                    .toList()) {
                JsonNode outcome = JSON.readTree(Files.readAllBytes(file.resolveSibling(file.getFileName() + ".json")));
                assertThat(outcome.path("sizeBytes").asLong()).as("%s", file).isEqualTo(Files.size(file));
                assertThat(outcome.path("sha256").asText()).as("%s", file).isEqualTo(sha256(Files.readAllBytes(file)));
            }
        }
    }

    private static String sha256(byte[] bytes) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private void assertIsAlert(SagaRecord first) throws IOException {
        assertThat(first.document().orElseThrow().sizeBytes()).isIn((long) FIRST, (long) ALL);
        assertThat(alerts(first))
                .singleElement()
                .satisfies(alert -> assertThat(alert.message())
                        .contains("changed after", "ingested again")
                        .doesNotContain(drop.toString()));
        assertThat(saga.report("rollback_alerts.json")).singleElement().satisfies(line -> {
            JsonNode alert = JSON.readTree(line);
            assertThat(alert.path("type").asText()).isEqualTo("SOURCE_CHANGED");
            assertThat(alert.path("sagaId").asText()).isEqualTo(first.sagaId());
            assertThat(alert.path("actionRequired").asText())
                    .contains(first.document().orElseThrow().documentId());
        });
    }

    @ParameterizedTest
    @EnumSource
    void a_file_that_is_open_for_writing_is_ingested_complete_once_it_is_closed(Habit habit) throws Exception {
        start();
        try (Writer writer = new Writer(drop.resolve("a.txt"), habit)) {
            put("b.txt", "b");
            awaitFile(".done/b.txt.json"); // dropped later, and stable later
            assertThat(sagasOf("a.txt")).isEmpty();
            writer.resume(drop.resolve("a.txt"));
        }
        awaitFile(".done/a.txt");

        assertThat(sagasOf("a.txt")).hasSize(1);
        assertAllIsStored("a.txt");
        assertThat(alerts(sagasOf("a.txt").get(0))).isEmpty();
    }

    @Test
    void waits_for_another_process_that_writes_through_a_hard_link_also_with_a_done_file() throws Exception {
        start("saga.drop.done-file", "${name}.done");
        Path elsewhere = Files.createFile(directory.resolve("elsewhere"));
        Process writer = new ProcessBuilder(
                        "sh",
                        "-c",
                        "exec 3>>\"$0\"; printf first >&3; read x; printf ' and second' >&3",
                        elsewhere.toString())
                .redirectErrorStream(true)
                .start();
        try {
            await().until(() -> Files.size(elsewhere) == 5);
            Files.createLink(drop.resolve("a.txt"), elsewhere);
            Files.createFile(drop.resolve("a.txt.done"));
            put("b.txt", "b");
            Files.createFile(drop.resolve("b.txt.done"));
            awaitFile(".done/b.txt.json");
            assertThat(sagasOf("a.txt")).isEmpty();
        } finally {
            writer.getOutputStream().write('\n');
            writer.getOutputStream().close();
        }
        awaitFile(".done/a.txt");

        assertThat(sagasOf("a.txt"))
                .singleElement()
                .extracting(found -> found.document().orElseThrow().sizeBytes())
                .isEqualTo(16L);
        assertThat(drop.resolve(".done/a.txt")).hasContent("first and second");
        assertThat(exists(drop.resolve("a.txt.done"))).isFalse();
    }

    /** Simulates a writer that the system does not show, by switching the check for writers off. */
    @ParameterizedTest
    @EnumSource
    void a_file_that_changes_after_it_was_moved_is_ingested_again_with_an_alert(Habit habit) throws Exception {
        start("saga.drop.wait-for-writers", "false");
        try (Writer writer = new Writer(drop.resolve("a.txt"), habit)) {
            awaitFile(".done/a.txt");
            writer.resume(drop.resolve(".done/a.txt"));
        }
        await().atMost(PATIENCE)
                .until(() -> sagasOf("a.txt").size() == 2
                        && !exists(drop.resolve("a.txt"))
                        && exists(drop.resolve(
                                ".done/a-" + sagasOf("a.txt").get(0).sagaId() + ".txt")));

        assertAllIsStored("a.txt");
        assertIsAlert(sagasOf("a.txt").get(1));
        assertThat(drop.resolve(".done/a.txt"))
                .as("the earlier content is replaced")
                .doesNotExist();
    }

    @Test
    void a_file_that_changes_while_nothing_runs_is_ingested_again_at_the_next_start() throws Exception {
        start("saga.drop.wait-for-writers", "false");
        try (Writer writer = new Writer(drop.resolve("a.txt"), Habit.RESERVES_SPACE_AND_PUTS_TIMES_BACK)) {
            awaitFile(".done/a.txt");
            saga.restart(() -> resume(writer, drop.resolve(".done/a.txt")));
        }
        await().atMost(PATIENCE)
                .until(() -> sagasOf("a.txt").size() == 2
                        && !exists(drop.resolve("a.txt"))
                        && exists(drop.resolve(
                                ".done/a-" + sagasOf("a.txt").get(0).sagaId() + ".txt")));

        assertAllIsStored("a.txt");
        assertIsAlert(sagasOf("a.txt").get(1));
    }

    private static void resume(Writer writer, Path now) {
        try {
            writer.resume(now);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void a_file_that_changes_while_nothing_runs_is_detected_even_after_its_recheck_time() throws Exception {
        start("saga.drop.wait-for-writers", "false", "saga.drop.watch-after", "1s");
        try (Writer writer = new Writer(drop.resolve("a.txt"), Habit.APPENDS)) {
            awaitFile(".done/a.txt");
            saga.restart(() -> {
                resume(writer, drop.resolve(".done/a.txt"));
                await().pollDelay(Duration.ofMillis(1500)).until(() -> true);
            });
        }
        await().atMost(PATIENCE)
                .until(() ->
                        sagasOf("a.txt").size() == 2 && sagasOf("a.txt").get(0).state() == SagaState.COMPLETED);
        assertIsAlert(sagasOf("a.txt").get(1));
    }

    @Test
    void a_changed_file_replaces_no_other_file_when_it_is_moved_back() throws Exception {
        start("saga.drop.wait-for-writers", "false", "saga.drop.stable-for", "2s");
        try (Writer writer = new Writer(drop.resolve("a.txt"), Habit.APPENDS)) {
            awaitFile(".done/a.txt");
            put("a.txt", "another one of this name");
            writer.resume(drop.resolve(".done/a.txt"));
        }
        String first = sagasOf("a.txt").get(sagasOf("a.txt").size() - 1).sagaId();
        await().atMost(PATIENCE)
                .until(() -> !sagasOf("a-" + first + ".txt").isEmpty()
                        && sagasOf("a-" + first + ".txt").get(0).state() == SagaState.COMPLETED
                        && !exists(drop.resolve("a.txt")));

        assertAllIsStored("a-" + first + ".txt");
        assertThat(sagasOf("a.txt")).hasSize(2);
        assertThat(drop.resolve(".done/a-" + sagasOf("a.txt").get(0).sagaId() + ".txt"))
                .hasContent("another one of this name");
    }

    @Test
    void a_moved_file_may_change_its_attributes_and_times_or_be_deleted() throws Exception {
        start();
        put("a.txt", "a");
        put("b.txt", "b");
        awaitFile(".done/a.txt");
        awaitFile(".done/b.txt");
        Files.setPosixFilePermissions(drop.resolve(".done/a.txt"), PosixFilePermissions.fromString("rw-r-----"));
        Files.setLastModifiedTime(drop.resolve(".done/a.txt"), FileTime.fromMillis(1_700_000_000_000L));
        Files.delete(drop.resolve(".done/b.txt"));
        long changed = SourceFile.regularFile(drop.resolve(".done/a.txt"))
                .orElseThrow()
                .changedNanos();
        await().atMost(PATIENCE)
                .until(() -> saga.journal()
                                .droppedFiles()
                                .find(drop.resolve(".done/a.txt"))
                                .orElseThrow()
                                .identity()
                                .changedNanos()
                        == changed);

        assertThat(drop.resolve(".done/a.txt")).exists();
        assertThat(saga.journal().sagas().newest(10)).hasSize(2);
        assertThat(saga.journal().events().of(EventKind.ALERT)).isEmpty();
    }

    @Test
    void rechecks_end_after_the_configured_time() throws Exception {
        start("saga.drop.watch-after", "1s");
        put("a.txt", "a");
        awaitFile(".done/a.txt");
        await().atMost(PATIENCE)
                .until(() -> saga.journal().droppedFiles().of(drop, 10).isEmpty());
        assertThat(drop.resolve(".done/a.txt")).hasContent("a");
    }

    @ParameterizedTest
    @EnumSource
    void a_kept_file_that_keeps_changing_is_ingested_again_with_an_alert(Habit habit) throws Exception {
        start("saga.drop.wait-for-writers", "false", "saga.drop.after", "keep");
        try (Writer writer = new Writer(drop.resolve("a.txt"), habit)) {
            awaitFile(".done/a.txt.json");
            writer.resume(drop.resolve("a.txt"));
        }
        await().atMost(PATIENCE)
                .until(() -> sagasOf("a.txt").size() >= 2
                        && sagasOf("a.txt").get(0).state() == SagaState.COMPLETED
                        && sagasOf("a.txt")
                                .get(0)
                                .document()
                                .orElseThrow()
                                .sha256()
                                .equals(sha256(content())));
        awaitFile(".done/a-" + sagasOf("a.txt").get(0).sagaId() + ".txt.json");

        assertThat(alerts(sagasOf("a.txt").get(sagasOf("a.txt").size() - 1))).hasSize(1);
    }

    @Test
    void a_kept_file_that_is_replaced_is_a_new_version_without_an_alert() throws Exception {
        start("saga.drop.after", "keep");
        put("a.txt", "first");
        awaitFile(".done/a.txt.json");
        Files.move(
                Files.writeString(directory.resolve("next"), "second"),
                drop.resolve("a.txt"),
                StandardCopyOption.REPLACE_EXISTING);
        await().atMost(PATIENCE)
                .until(() ->
                        sagasOf("a.txt").size() == 2 && sagasOf("a.txt").get(0).state() == SagaState.COMPLETED);
        awaitFile(".done/a-" + sagasOf("a.txt").get(0).sagaId() + ".txt.json");

        assertThat(saga.journal().events().of(EventKind.ALERT)).isEmpty();
    }
}
