package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.embedded.EmbeddedCoordinator;
import dev.streamingsaga.embedded.EmbeddedS3;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.CoordinatorSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** {@code backup} and {@code restore} as an operator runs them, with the embedded servers. */
@Tag("one-jdk")
@Tag("own-jvm")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BackupCommandTest {
    private Path directory;
    private Path data;
    private Path original;
    private String document;
    private EmbeddedCoordinator coordinator;

    @AfterAll
    void stop() {
        coordinator.close();
    }

    @BeforeAll
    void ingest(@TempDir Path folder) throws Exception {
        coordinator = EmbeddedCoordinator.start(CoordinatorSettings.in(CoordinatorSettings.directory()));
        directory = folder;
        data = folder.resolve("data");
        original = Files.writeString(
                folder.resolve("keeper.txt"), "The lighthouse keeper counts his gulls.\n".repeat(200));
        JsonNode stored = ingest(data, original);
        document = stored.get("documentId").asText();
    }

    private Call saga(Path data, String... args) {
        List<String> all = new ArrayList<>(Arrays.asList(args));
        all.addAll(List.of("--data", data.toString(), "-D", "saga.coordinator.url=" + coordinator.url()));
        all.addAll(List.of("-D", "saga.coordinator.secret=" + CoordinatorSettings.SECRET));
        return Call.of(all);
    }

    private JsonNode ingest(Path data, Path file, String... more) throws IOException {
        List<String> args = new ArrayList<>(List.of("ingest", "--json", file.toString()));
        args.addAll(Arrays.asList(more));
        Call call = saga(data, args.toArray(String[]::new));
        assertThat(call.code()).as(call.err()).isZero();
        return call.line();
    }

    private Path backup(String name) {
        Path target = directory.resolve(name);
        Call call = saga(data, "backup", target.toString());
        assertThat(call.code()).as(call.err() + call.out()).isZero();
        return target;
    }

    @Test
    void what_was_restored_is_what_was_backed_up() throws Exception {
        Call backup = saga(data, "backup", directory.resolve("whole").toString(), "--json");
        assertThat(backup.code()).as(backup.err()).isZero();
        assertThat(backup.line().get("documents").asInt()).isPositive();
        assertThat(backup.line().get("missing")).isEmpty();

        Path restored = directory.resolve("restored");
        Call call = saga(restored, "restore", directory.resolve("whole").toString());
        assertThat(call.code()).as(call.err()).isZero();
        assertThat(call.out()).contains("document").contains("next: ./saga verify --all");
        Call verified = saga(restored, "verify", "--all", "--deep");
        assertThat(verified.code()).as(verified.out() + verified.err()).isZero();
        assertThat(saga(restored, "orphans").code()).isZero();
        assertThat(saga(restored, "search", "lighthouse").out()).contains("keeper");
        for (String action : List.of("BACKUP", "RESTORE")) {
            assertThat(saga(restored, "audit", "--action", action, "--json").lines())
                    .as(action)
                    .anySatisfy(entry ->
                            assertThat(entry.path("actorKind").asText()).isEqualTo("OS_USER"));
        }
        assertThat(saga(restored, "audit", "--check").code()).isZero();
        Path fetched = directory.resolve("fetched.txt");
        assertThat(saga(restored, "fetch", document, "-o", fetched.toString()).code())
                .isZero();
        assertThat(Files.mismatch(original, fetched)).isEqualTo(-1);
        // The restored instance works: what it has is not stored again, and what is new is.
        assertThat(ingest(restored, original).get("documentId").asText()).isEqualTo(document);
    }

    @Test
    void kept_versions_and_a_deletion_that_was_in_progress_are_restored_with_encryption() throws Exception {
        Path own = directory.resolve("versions");
        Path keys = directory.resolve("apart").resolve("keys.json");
        String[] settings = {
            "-D", "saga.duplicates=version",
            "-D", "saga.versions.keep=2",
            "-D", "saga.chunk.encryption=aes256-gcm",
            "-D", "saga.encryption.provider=key-file",
            "-D", "saga.encryption.key-file=" + keys
        };
        assertThat(saga(own, "key-encryption", "init", "--file", keys.toString())
                        .code())
                .isZero();
        Path changing = Files.writeString(directory.resolve("changing.txt"), "The first version.\n");
        ingest(own, changing, settings);
        Files.writeString(changing, "The second version.\n");
        String kept = ingest(own, changing, settings).get("documentId").asText();
        Path leaving = Files.writeString(directory.resolve("leaving.txt"), "The one that leaves.\n");
        String deleted = ingest(own, leaving, settings).get("documentId").asText();
        try (Inspection inspection = Inspection.open(Settings.parse(Map.of("saga.data.dir", own.toString())))) {
            inspection.commands().requestDeletion(deleted, "before the backup", "tester"); // nobody executes it yet
        }

        Call backup =
                saga(own, with(settings, "backup", directory.resolve("three").toString(), "--json"));
        assertThat(backup.code()).as(backup.err() + backup.out()).isZero();
        assertThat(backup.line().get("documents").asInt()).isOne();
        Path restored = directory.resolve("versions-restored");
        assertThat(saga(
                                restored,
                                with(
                                        settings,
                                        "restore",
                                        directory.resolve("three").toString()))
                        .code())
                .isZero();

        Call verified = saga(restored, with(settings, "verify", "--all", "--deep"));
        assertThat(verified.code()).as(verified.out() + verified.err()).isZero();
        assertThat(verified.out()).contains("1 document and 1 older version compared");
        Path first = directory.resolve("first.txt");
        assertThat(saga(restored, with(settings, "fetch", kept, "--version", "1", "-o", first.toString()))
                        .code())
                .isZero();
        assertThat(first).hasContent("The first version.");
        Call again = saga(restored, with(settings, "delete", deleted, "--reason", "again", "--json"));
        assertThat(again.code()).as(again.err() + again.out()).isZero();
        assertThat(again.line().get("reason").asText()).isEqualTo("before the backup");
        assertThat(again.line().get("keyDestroyed").asBoolean()).isTrue();
        assertThat(saga(restored, with(settings, "orphans", "--json")).lines()).isEmpty();
    }

    @Test
    void a_backup_is_never_written_over_or_into_anything() throws Exception {
        Path taken = Files.createDirectory(directory.resolve("taken"));
        assertRefused(saga(data, "backup", taken.toString()), "exists");
        assertRefused(saga(data, "backup", data.resolve("inside").toString()), "must not contain each other");
        Path foreign = Files.createDirectory(directory.resolve("mine.part"));
        Files.writeString(foreign.resolve("letter.txt"), "dear");
        assertRefused(saga(data, "backup", directory.resolve("mine").toString()), "is not the rest of");
        assertThat(foreign.resolve("letter.txt")).exists();
    }

    @Test
    void a_data_directory_is_replaced_only_when_told_and_then_kept() throws Exception {
        Path whole = backup("for-replace");
        Path live = directory.resolve("live");
        Path other = Files.writeString(directory.resolve("other.txt"), "Storms are written in the logbook.\n");
        ingest(live, other);
        assertRefused(saga(live, "restore", whole.toString()), "is not empty");
        Call call = saga(live, "restore", whole.toString(), "--replace", "--json");
        assertThat(call.code()).as(call.err()).isZero();
        Path aside = Path.of(call.line().get("replaced").asText());
        assertThat(saga(live, "search", "lighthouse").out()).contains("keeper");
        assertThat(saga(aside, "search", "logbook").out()).contains("other");
    }

    @Test
    void a_damaged_backup_is_refused_and_nothing_changes() throws Exception {
        Path target = directory.resolve("nothing");
        Path flipped = backup("flipped");
        Path object = anyObject(flipped);
        byte[] bytes = Files.readAllBytes(object);
        bytes[0] ^= 1;
        Files.write(object, bytes);
        assertRefused(saga(target, "restore", flipped.toString()), "is damaged");

        Path cut = backup("cut");
        Files.delete(anyObject(cut));
        assertRefused(saga(target, "restore", cut.toString()), "it is missing");

        Path linked = backup("linked");
        Path chunk = anyObject(linked);
        Files.createSymbolicLink(chunk, Files.move(chunk, directory.resolve("moved")));
        assertRefused(saga(target, "restore", linked.toString()), "it is a symbolic link");

        Path listed = backup("listed");
        Files.writeString(listed.resolve("files.jsonl"), "");
        assertRefused(saga(target, "restore", listed.toString()), "files.jsonl");

        assertRefused(saga(target, "restore", original.getParent().toString()), "not a complete backup");
        assertThat(target).doesNotExist();
        assertThat(directory.resolve("nothing.restoring")).doesNotExist();
    }

    private static Path anyObject(Path backup) throws IOException {
        try (Stream<Path> files = Files.walk(backup.resolve("bucket"))) {
            return files.filter(file -> file.getFileName().toString().startsWith("chunk-"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void a_running_instance_is_backed_up_as_of_one_moment() throws Exception {
        Path live = directory.resolve("running");
        SagaConfig config = Settings.parse(Map.of(
                "saga.data.dir", live.toString(),
                "saga.coordinator.url", coordinator.url().toString(),
                "saga.coordinator.secret", CoordinatorSettings.SECRET));
        Path target = directory.resolve("of-running");
        int before = 3;
        int all = 30;
        CountDownLatch some = new CountDownLatch(before);
        try (Application application = Application.start(config)) {
            CompletableFuture<Integer> ingesting = Background.call("ingest", () -> {
                int completed = 0;
                for (int i = 0; i < all; i++) {
                    Path file = Files.writeString(directory.resolve("tide" + i + ".txt"), "Tide number " + i + ".\n");
                    completed += application
                                    .bundle()
                                    .operator()
                                    .ingest(file)
                                    .status()
                                    .equals("COMPLETED")
                            ? 1
                            : 0;
                    some.countDown();
                }
                return completed;
            });
            some.await();
            assertThat(saga(live, "backup", target.toString()).code()).isZero();
            assertThat(ingesting.get()).isEqualTo(all);
        }
        Path restored = directory.resolve("of-running-restored");
        JsonNode result = saga(restored, "restore", target.toString(), "--json").line();
        assertThat(result.get("documents").asInt()).isBetween(before, all);
        assertThat(result.get("missing")).isEmpty();
        Call verified = saga(restored, "verify", "--all", "--deep");
        assertThat(verified.code()).as(verified.out() + verified.err()).isZero();
        assertThat(verified.out()).contains(result.get("documents").asInt() + " documents compared");
        for (JsonNode paused : result.get("paused")) {
            Call resumed = saga(restored, "resume", paused.asText());
            assertThat(resumed.code()).as(resumed.out() + resumed.err()).isZero();
        }
        Call orphans = saga(restored, "orphans");
        assertThat(orphans.code()).as(orphans.out() + orphans.err()).isZero();
    }

    @Test
    void what_was_at_work_is_paused_after_a_restore() throws Exception {
        Path source = directory.resolve("working");
        JsonNode stored = ingest(source, original);
        try (Connection journal = DriverManager.getConnection("jdbc:sqlite:" + source.resolve("journal.db"));
                Statement statement = journal.createStatement()) {
            statement.execute("UPDATE saga SET state = 'PROCESSING', finished_at = NULL, published_at = NULL");
        }
        assertThat(saga(source, "backup", directory.resolve("at-work").toString())
                        .code())
                .isZero();
        Path restored = directory.resolve("from-at-work");
        Call call = saga(restored, "restore", directory.resolve("at-work").toString());
        assertThat(call.out()).contains("PAUSED: " + stored.get("sagaId").asText());
        assertThat(saga(restored, "status", stored.get("sagaId").asText()).out())
                .contains("PAUSED")
                .contains("restored from a backup");
        assertThat(saga(restored, "resume", stored.get("sagaId").asText()).code())
                .isZero();
        assertThat(saga(restored, "verify", "--all").code()).isZero();

        // The same for a journal that was restored by the tools of its own database.
        assertThat(saga(source, "restore", "--pause-unfinished", "--json")
                        .line()
                        .get("paused")
                        .get(0))
                .isEqualTo(stored.get("sagaId"));
        assertThat(saga(source, "restore", "--pause-unfinished").out()).contains("no saga paused");
    }

    @Test
    void an_older_journal_leaves_newer_documents_in_a_bucket_alone() throws Exception {
        Path server = directory.resolve("server");
        try (EmbeddedS3 bucket = EmbeddedS3.start(Files.createDirectory(server))) {
            String[] remote = {
                "-D", "saga.s3.endpoint=" + bucket.endpoint(),
                "-D", "saga.s3.access-key=" + bucket.accessKey(),
                "-D", "saga.s3.secret-key=" + bucket.secretKey(),
                "-D", "saga.orphans.min-age=0s"
            };
            Path own = directory.resolve("remote");
            ingest(own, original, remote);
            Call backup =
                    saga(own, with(remote, "backup", directory.resolve("older").toString(), "--json"));
            assertThat(backup.code()).as(backup.err()).isZero();
            assertThat(backup.line().get("notIncluded").toString()).contains("bucket");
            Path later = Files.writeString(directory.resolve("later.txt"), "A later document about tides.\n");
            String newer = ingest(own, later, remote).get("documentId").asText();

            Path restored = directory.resolve("remote-restored");
            assertThat(saga(
                                    restored,
                                    with(
                                            remote,
                                            "restore",
                                            directory.resolve("older").toString()))
                            .code())
                    .isZero();
            Call orphans = saga(restored, with(remote, "orphans", "--delete", "--json"));
            assertThat(orphans.lines()).anySatisfy(orphan -> {
                assertThat(orphan.get("documentId").asText()).isEqualTo(newer);
                assertThat(orphan.get("deleted").asBoolean()).isFalse();
                assertThat(orphan.get("kept").asText()).contains("restored from a backup");
            });
            assertThat(saga(restored, with(remote, "verify", "--all")).code()).isZero();
            Path fetched = directory.resolve("newer.txt");
            assertThat(saga(own, with(remote, "fetch", newer, "-o", fetched.toString()))
                            .code())
                    .isZero();
            assertThat(Files.mismatch(later, fetched)).isEqualTo(-1);
        }
    }

    private static String[] with(String[] settings, String... args) {
        return Stream.concat(Arrays.stream(args), Arrays.stream(settings)).toArray(String[]::new);
    }

    private static void assertRefused(Call call, String why) {
        assertThat(call.code()).as(call.out()).isEqualTo(2);
        assertThat(call.err()).contains(why);
    }
}
