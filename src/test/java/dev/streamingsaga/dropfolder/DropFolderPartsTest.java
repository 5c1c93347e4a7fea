package dev.streamingsaga.dropfolder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.Settings;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.source.SourceFile;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Everything that depends on time and names, with a clock that is set by hand. */
@Tag("unit")
class DropFolderPartsTest {
    private static final Path FILE = Path.of("/in/a.pdf");
    private static final SourceIdentity SMALL = new SourceIdentity("1", 10, 5, 5);
    private static final SourceIdentity GROWN = new SourceIdentity("1", 20, 6, 6);

    private final AtomicLong clock = new AtomicLong();

    @Test
    void a_file_is_stable_only_when_it_has_been_unchanged_for_long_enough() {
        TrackedFiles files = new TrackedFiles(10, clock::get);
        files.track(FILE, SMALL);
        files.endScan();
        clock.set(99);
        TrackedFile grown = files.track(FILE, GROWN);
        assertThat(files.isStable(grown, 100)).as("it grew a moment ago").isFalse();
        files.endScan();
        clock.set(198);
        assertThat(files.isStable(files.track(FILE, GROWN), 100)).isFalse();
        clock.set(199);
        assertThat(files.isStable(files.track(FILE, GROWN), 100)).isTrue();
    }

    @Test
    void a_file_that_was_removed_and_returns_is_tracked_from_the_beginning() {
        TrackedFiles files = new TrackedFiles(10, clock::get);
        files.track(FILE, SMALL);
        files.endScan();
        files.endScan();
        clock.set(1000);
        assertThat(files.isStable(files.track(FILE, SMALL), 100)).isFalse();
    }

    @Test
    void remembers_a_bounded_number_of_files_and_drops_settled_files_first() {
        TrackedFiles files = new TrackedFiles(2, clock::get);
        files.track(Path.of("/in/kept"), SMALL).setState(TrackedFile.State.SETTLED);
        files.track(Path.of("/in/b"), SMALL);
        files.track(Path.of("/in/c"), SMALL);
        files.track(Path.of("/in/d"), SMALL);
        clock.set(100);
        assertThat(files.isStable(files.track(Path.of("/in/c"), SMALL), 100))
                .as("replaced the settled file")
                .isTrue();
        assertThat(files.isStable(files.track(Path.of("/in/d"), SMALL), 100))
                .as("the limit is reached")
                .isFalse();
        assertThat(files.track(Path.of("/in/kept"), SMALL).state())
                .as("must be looked up in the journal again")
                .isEqualTo(TrackedFile.State.UNKNOWN);
    }

    @Test
    void allows_at_most_the_configured_number_of_files_in_any_minute() {
        RateLimit limit = new RateLimit(2, clock::get);
        assertThat(limit.tryAcquire()).isTrue();
        clock.set(Duration.ofSeconds(30).toNanos());
        assertThat(limit.tryAcquire()).isTrue();
        clock.set(Duration.ofSeconds(60).toNanos() - 1);
        assertThat(limit.tryAcquire()).isFalse();
        clock.set(Duration.ofSeconds(60).toNanos());
        assertThat(limit.tryAcquire()).isTrue();
        assertThat(limit.tryAcquire()).as("the one of second 30 still counts").isFalse();
    }

    @Test
    void ready_files_come_in_order_and_files_whose_saga_has_ended_come_first() {
        ReadyFiles ready = new ReadyFiles(2);
        TrackedFile first = new TrackedFile(Path.of("/in/z"), SMALL, 0);
        TrackedFile second = new TrackedFile(Path.of("/in/a"), SMALL, 0);
        TrackedFile changed = new TrackedFile(Path.of("/in/z"), GROWN, 1);
        ready.add(new ReadyFiles.Ready(first, Optional.empty()));
        ready.add(new ReadyFiles.Ready(second, Optional.empty()));
        ready.add(new ReadyFiles.Ready(new TrackedFile(Path.of("/in/more"), SMALL, 0), Optional.empty()));
        ready.add(new ReadyFiles.Ready(changed, Optional.empty()));

        assertThat(ready.next(false)).as("the limit for this minute is reached").isEmpty();
        assertThat(ready.next(true).orElseThrow().tracked())
                .as("in its current state, in order")
                .isSameAs(changed);
        assertThat(ready.next(true).orElseThrow().tracked()).isSameAs(second);
        assertThat(ready.next(true))
                .as("the third exceeded the limit: the next scan finds it")
                .isEmpty();
        assertThat(ready.has(true)).isFalse();
    }

    @Test
    void finds_the_process_that_has_a_file_open_for_writing_under_any_name(@TempDir Path folder) throws Exception {
        Path written = Files.writeString(folder.resolve("written"), "w");
        Path read = Files.writeString(folder.resolve("read"), "r");
        try (FileChannel writer = FileChannel.open(written, StandardOpenOption.APPEND);
                FileChannel reader = FileChannel.open(read)) {
            Path link = Files.createLink(folder.resolve("link"), written);
            Files.move(written, folder.resolve("moved"));
            Map<String, String> open = new OpenFiles(Path.of("/proc")).call();
            assertThat(open.get(SourceFile.identity(link).fileKey()))
                    .startsWith("process " + ProcessHandle.current().pid());
            assertThat(open).doesNotContainKey(SourceFile.identity(read).fileKey());
            assertThat(writer.isOpen() && reader.isOpen()).isTrue();
        }
        assertThat(new OpenFiles(Path.of("/proc")).call())
                .doesNotContainKey(SourceFile.identity(folder.resolve("moved")).fileKey());
        assertThat(new OpenFiles(folder.resolve("none")).call())
                .as("another system")
                .isEmpty();
    }

    @Test
    void a_move_replaces_nothing_and_may_be_repeated(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        Path other = Files.writeString(folder.resolve("other"), "other's");
        assertThatThrownBy(() -> FileMove.replacingNothing(file, other)).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(other).hasContent("other's");
        assertThat(file).hasContent("mine");

        FileMove.back(file, other, "S");
        assertThat(folder.resolve("other-S")).hasContent("mine");
        FileMove.back(file, other, "S"); // another process did it
        FileMove.back(folder.resolve("other-S"), file, "S");
        assertThat(file).hasContent("mine");

        Files.createLink(folder.resolve("half-done"), file);
        FileMove.replacingNothing(file, folder.resolve("half-done"));
        assertThat(folder.resolve("half-done")).hasContent("mine");
        assertThat(file).doesNotExist();
    }

    @Test
    void names_do_not_exceed_the_limit_of_the_file_system() {
        String longest = "ü".repeat(125) + "x.pdf";
        for (int attempt = 0; attempt < 3; attempt++) {
            String name = new OutcomeNames(longest, "01JABCDEFGHJKMNPQRSTVWXYZ0").candidate(attempt);
            assertThat(OutcomeNames.json(name).getBytes(StandardCharsets.UTF_8).length)
                    .as(name)
                    .isLessThanOrEqualTo(255);
            assertThat(name).endsWith(".pdf").contains("01JABCDEFGHJKMNPQRSTVWXYZ0");
        }
        assertThat(new OutcomeNames("a.pdf", "S").candidate(0)).isEqualTo("a.pdf");
        assertThat(new OutcomeNames("a.pdf", "S").candidate(1)).isEqualTo("a-S.pdf");
        assertThat(new OutcomeNames("a.pdf", "S").candidate(2)).isEqualTo("a-S-2.pdf");
        assertThat(new OutcomeNames("none", "S").candidate(1)).isEqualTo("none-S");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ".a.txt",
                "a.tmp",
                "a.PART",
                "a.pdf.filepart",
                "a.crdownload",
                "a.partial",
                "a.download",
                "a.opdownload",
                "a.aria2",
                "a.!ut",
                "a.swp",
                "a.txt~",
                "~$c.docx",
                "Thumbs.db",
                "THUMBS.DB",
                "desktop.ini",
                ".DS_Store",
                "#a.txt#",
                "line\nend.tmp",
                "a.txt.sb-1a2b3c4d-Xy12Zz"
            })
    void temporary_and_system_names_are_ignored_by_default(String name) {
        assertThat(new IgnoredNames(Settings.parse(Map.of())
                                .endpoints()
                                .drop()
                                .limits()
                                .ignore())
                        .matches(name))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a.txt",
                "a~b.txt",
                "tmp",
                "part.pdf",
                "x.db",
                "my-Thumbs.db",
                "download",
                "~a.txt",
                "#1.pdf",
                "a$.docx",
                "atmp",
                "[a].txt"
            })
    void other_names_are_documents(String name) {
        assertThat(new IgnoredNames(Settings.parse(Map.of())
                                .endpoints()
                                .drop()
                                .limits()
                                .ignore())
                        .matches(name))
                .isFalse();
    }

    @Test
    void names_to_ignore_are_one_setting_and_a_dot_is_always_ignored() {
        Map<String, String> setting = Map.of("saga.drop.ignore", "draft-?.*, *.[x]");
        IgnoredNames own = new IgnoredNames(
                Settings.parse(setting).endpoints().drop().limits().ignore());
        assertThat(own.matches("Draft-1.pdf")).isTrue();
        assertThat(own.matches("draft-10.pdf")).isFalse();
        assertThat(own.matches("a.[X]")).isTrue();
        assertThat(own.matches("a.x")).isFalse();
        assertThat(own.matches("a.tmp")).isFalse();
        assertThat(new IgnoredNames(List.of()).matches(".done")).isTrue();
        assertThat(new IgnoredNames(List.of()).matches("")).isFalse();
    }

    @Test
    void a_marker_is_never_a_document() {
        DoneFileMarker marker = new DoneFileMarker("ready-${name}.ok");
        assertThat(marker.isMarker("ready-a.pdf.ok")).isTrue();
        assertThat(marker.isMarker("ready-.ok")).isFalse();
        assertThat(marker.isMarker("a.ok")).isFalse();
        assertThat(new DoneFileMarker("").isMarker("")).isFalse();
    }
}
