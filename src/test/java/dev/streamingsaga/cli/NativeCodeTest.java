package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.testkit.ChildJava;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The native code of SQLite, the model and its tokenizer is unpacked once per data directory, also after kills. */
@Tag("own-jvm")
class NativeCodeTest {
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    @TempDir
    Path directory;

    private Path data;
    private Path temporary;
    private Path drop;

    @BeforeAll
    static void prepare() {
        ChildJava.prepare();
    }

    @BeforeEach
    void folders() throws Exception {
        directory = directory.toRealPath();
        data = directory.resolve("data");
        temporary = Files.createDirectory(directory.resolve("tmp"));
        drop = Files.createDirectory(directory.resolve("drop"));
    }

    private Process start(Path out, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(ChildJava.command(List.of("-Xmx256m", "-Djava.io.tmpdir=" + temporary)));
        command.add(Main.class.getName());
        command.addAll(List.of(arguments));
        command.addAll(List.of("--data", data.toString()));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
    }

    private void run(String... arguments) throws Exception {
        Path out = directory.resolve("out");
        Process process = start(out, arguments);
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(out)).isZero();
    }

    private Path text(Path folder, String name) throws IOException {
        return Files.writeString(folder.resolve(name), "The lighthouse keeper counted his gulls in " + name + ".\n");
    }

    /** A service that has stored a document, embedded, is killed. */
    private void kill(String document) throws Exception {
        Path out = directory.resolve("service");
        Process service = start(
                out,
                "start",
                "-D",
                "saga.http.port=0",
                "-D",
                "saga.jms.embedded=true",
                "-D",
                "saga.drop.dir=" + drop,
                "-D",
                "saga.drop.stable-for=0s",
                "-D",
                "saga.drop.interval=100ms");
        try {
            await().atMost(PATIENCE).until(() -> Files.readString(out).contains("running in"));
            text(drop, document);
            await().atMost(PATIENCE)
                    .until(() -> Files.exists(drop.resolve(".done").resolve(document + ".json")));
        } finally {
            service.destroyForcibly();
            assertThat(service.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(file -> !file.equals(folder)).toList();
        }
    }

    /** Inodes of what was unpacked. */
    private Map<String, Object> code() throws IOException {
        Map<String, Object> found = new TreeMap<>();
        for (Path file : files(data.resolve("spool/native")).stream()
                .filter(Files::isRegularFile)
                .toList()) {
            found.put(data.relativize(file).toString(), Files.getAttribute(file, "unix:ino"));
        }
        return found;
    }

    @Test
    void a_killed_process_leaves_no_temporary_files_and_the_next_one_unpacks_nothing() throws Exception {
        kill("a.txt");
        Map<String, Object> first = code();
        kill("b.txt");

        assertThat(first.keySet())
                .hasSize(4)
                .anyMatch(name -> name.endsWith(System.mapLibraryName("sqlitejdbc")))
                .anyMatch(name -> name.endsWith(System.mapLibraryName("onnxruntime")))
                .anyMatch(name -> name.endsWith(System.mapLibraryName("tokenizers")));
        assertThat(code()).isEqualTo(first);
        assertThat(files(temporary)).isEmpty();
    }

    @Test
    void a_killed_read_only_command_leaves_no_temporary_files() throws Exception {
        run("ingest", text(directory, "a.txt").toString());
        Path out = directory.resolve("watch");
        Process watch = start(out, "list", "--watch");
        await().atMost(PATIENCE).until(() -> Files.readString(out).contains("a.txt"));
        watch.destroyForcibly();
        assertThat(watch.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();

        assertThat(files(temporary)).isEmpty();
    }

    @Test
    void two_processes_can_unpack_at_once_and_incomplete_folders_are_removed() throws Exception {
        run("ingest", text(directory, "a.txt").toString());
        Map<String, Object> first = code();
        for (Path file : files(data.resolve("spool/native")).stream()
                .sorted(java.util.Comparator.reverseOrder())
                .toList()) {
            Files.delete(file);
        }
        Process one = start(directory.resolve("one"), "search", "gulls");
        Process two = start(directory.resolve("two"), "search", "gulls");
        for (Process each : List.of(one, two)) {
            assertThat(each.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            assertThat(each.exitValue()).isZero();
        }
        assertThat(Files.readString(directory.resolve("one")))
                .contains("a.txt")
                .isEqualTo(Files.readString(directory.resolve("two")));
        assertThat(code().keySet()).isEqualTo(first.keySet());

        Path half = Files.createDirectory(data.resolve("spool/native/.new-1-2"));
        Files.writeString(half.resolve("lib.so"), "half");
        run("ingest", text(directory, "b.txt").toString());
        assertThat(half).doesNotExist();
        assertThat(code().keySet()).isEqualTo(first.keySet());
    }

    @Test
    void does_not_load_code_that_other_users_could_have_changed() throws Exception {
        run("ingest", text(directory, "a.txt").toString());
        Map<String, Object> first = code();
        Path sqlite = data.resolve(first.keySet().stream()
                .filter(name -> name.contains("sqlite"))
                .findFirst()
                .orElseThrow());
        Files.writeString(sqlite, "evil");
        Files.setPosixFilePermissions(sqlite, PosixFilePermissions.fromString("rw-rw-rw-"));

        run("list");

        assertThat(code().keySet()).contains(data.relativize(sqlite).toString());
        assertThat(Files.size(sqlite)).isGreaterThan(100_000);
    }
}
