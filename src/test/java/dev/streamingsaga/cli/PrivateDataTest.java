package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.testkit.ChildJava;
import dev.streamingsaga.testkit.SamplePdf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs processes with the umask 022, as most systems have it, and without the launcher, which sets another. */
@Tag("own-jvm")
class PrivateDataTest {
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    @TempDir
    Path directory;

    private Path data;
    private Path pdf;

    @BeforeAll
    static void prepare() {
        ChildJava.prepare();
    }

    @BeforeEach
    void files() throws Exception {
        directory = directory.toRealPath();
        data = directory.resolve("data");
        pdf = directory.resolve("a.pdf");
        SamplePdf.write(pdf, 3, 10_000);
    }

    private Process start(Path out, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "umask 022; exec \"$@\"", "sh"));
        command.addAll(ChildJava.command(
                List.of("-Xmx256m", "-Djava.io.tmpdir=" + Files.createDirectories(directory.resolve("tmp")))));
        command.add(Main.class.getName());
        command.addAll(List.of(arguments));
        command.addAll(List.of("--data", data.toString()));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
    }

    private String run(String... arguments) throws Exception {
        Path out = directory.resolve("out");
        Process process = start(out, arguments);
        try {
            assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as(Files.readString(out)).isZero();
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(out);
    }

    /** The modes of files and folders that other users can access, by their path in the data directory. */
    private SortedMap<String, String> open() throws IOException {
        SortedMap<String, String> found = new TreeMap<>();
        try (Stream<Path> all = Files.walk(data)) {
            for (Path path : all.toList()) {
                try {
                    String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
                    if (!mode.endsWith("------")) {
                        found.put(data.relativize(path).toString(), mode);
                    }
                } catch (java.nio.file.NoSuchFileException e) {
                    // removed meanwhile
                }
            }
        }
        return found;
    }

    @Test
    void other_users_can_access_nothing_in_a_new_data_directory() throws Exception {
        run("ingest", pdf.toString());

        assertThat(data.resolve("bucket")).isNotEmptyDirectory();
        assertThat(open()).isEmpty();
    }

    @Test
    void the_next_start_restricts_an_open_data_directory() throws Exception {
        Files.createDirectory(data);
        run("ingest", pdf.toString());
        assertThat(new ProcessBuilder("chmod", "-R", "a+rX", data.toString())
                        .start()
                        .waitFor())
                .isZero();
        assertThat(open()).containsKeys("", "vector.db", "lock", "logs/saga.log", "s3.credentials");
        assertThat(dev.streamingsaga.datadir.DataDirectory.findings(data)).isNotEmpty();

        Path out = directory.resolve("service");
        Process service = start(out, "start", "-D", "saga.jms.embedded=true", "-D", "saga.http.port=0");
        try {
            await().atMost(PATIENCE).until(() -> Files.readString(out).contains("running in"));
            assertThat(open()).isEmpty();
            assertThat(Files.readString(out))
                    .contains(data.resolve("broker.credentials").toString());
        } finally {
            service.destroy();
            assertThat(service.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        }
        assertThat(open()).isEmpty();
    }

    @Test
    void doctor_lists_open_files() throws Exception {
        run("ingest", pdf.toString());
        Files.setPosixFilePermissions(data.resolve("vector.db"), PosixFilePermissions.fromString("rw-r--r--"));
        Path out = directory.resolve("doctor");
        Process doctor = start(out, "doctor");
        assertThat(doctor.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();

        assertThat(Files.readString(out))
                .containsPattern("FAIL permissions +other users can access .*vector.db is rw-r--r--");
        assertThat(doctor.exitValue()).isEqualTo(4);
    }

    /** A document may be confidential; sharing it requires a chmod. */
    @Test
    void only_the_owner_can_access_a_fetched_document() throws Exception {
        String json = run("ingest", pdf.toString(), "--json");
        String document = json.replaceAll("(?s).*\"documentId\":\"([^\"]*)\".*", "$1");
        Path copy = directory.resolve("copy.pdf");

        run("fetch", document, "-o", copy.toString());

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy)))
                .isEqualTo("rw-------");
    }
}
