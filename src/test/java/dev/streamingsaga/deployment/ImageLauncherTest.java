package dev.streamingsaga.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launcher in the image, with a {@code java} that prints what it was given. */
@Tag("unit")
@Tag("one-jdk")
@EnabledOnOs(OS.LINUX)
class ImageLauncherTest {
    @TempDir
    Path directory;

    private final Map<String, String> environment = new HashMap<>();

    @BeforeEach
    void layOutTheImage() throws IOException {
        Path bin = Files.createDirectories(directory.resolve("image/bin"));
        Files.createDirectories(directory.resolve("image/lib"));
        Files.copy(Path.of("config/docker/saga"), bin.resolve("saga"));
        Files.createFile(directory.resolve("image/streaming-saga.jar"));
        Files.createFile(directory.resolve("image/lib/b.jar"));
        Files.createFile(directory.resolve("image/lib/a.jar"));
        script("java", "umask; printf '%s\\n' \"$@\"; env | grep ^SAGA_ || true");
        environment.put("PATH", directory + ":/usr/bin:/bin");
        environment.put("HOSTNAME", "0123456789ab");
        environment.put("SAGA_DATA", directory.resolve("volume/data").toString());
    }

    @Test
    void runs_java_with_our_options_and_the_arguments_of_the_container() throws IOException {
        environment.put("SAGA_JAVA_OPTS", "-Xmx512m -Dx=y");

        List<String> given = run("ingest", "a b.pdf");

        Path image = directory.resolve("image");
        assertThat(given).startsWith("0077").contains("@" + image + "/config/java.options", "-Xmx512m", "-Dx=y");
        assertThat(given)
                .containsSequence(
                        "-cp",
                        image + "/streaming-saga.jar:" + image + "/lib/a.jar:" + image + "/lib/b.jar",
                        "dev.streamingsaga.cli.Main",
                        "ingest",
                        "a b.pdf");
        assertThat(given).as("without an archive").noneMatch(word -> word.contains("SharedArchiveFile"));
        Files.createFile(image.resolve("classes.jsa"));
        assertThat(run("start")).contains("-XX:SharedArchiveFile=" + image + "/classes.jsa");
    }

    @Test
    void temporary_files_are_on_the_volume() throws IOException {
        assertThat(run("start")).contains("-Djava.io.tmpdir=" + directory.resolve("volume/data/spool/tmp"));
        assertThat(directory.resolve("volume/data/spool/tmp")).isDirectory();
    }

    @Test
    void containers_that_share_a_volume_have_a_data_directory_each() throws IOException {
        environment.put("SAGA_NODES_DIR", directory.resolve("volume/nodes").toString());

        assertThat(run("start")).contains("SAGA_DATA=" + directory.resolve("volume/nodes/0123456789ab"));
        assertThat(directory.resolve("volume/nodes/0123456789ab")).isDirectory();
    }

    @Test
    void the_command_that_makes_a_key_leaves_no_data_directory() throws IOException {
        run("key", "admin", "--scope", "read");

        assertThat(directory.resolve("volume")).doesNotExist();
    }

    @Test
    void the_coordinator_calls_a_container_by_its_name() throws IOException {
        environment.put("SAGA_CALLBACK_HOST", "0.0.0.0");
        environment.put("SAGA_CALLBACK_PORT", "8481");
        assertThat(run("start")).contains("SAGA_CALLBACK_URL=http://0123456789ab:8481");

        environment.put("SAGA_CALLBACK_URL", "http://node.example.com:8481");
        assertThat(run("start")).contains("SAGA_CALLBACK_URL=http://node.example.com:8481");

        environment.remove("SAGA_CALLBACK_URL");
        environment.put("SAGA_CALLBACK_HOST", "127.0.0.1");
        assertThat(run("start")).noneMatch(line -> line.startsWith("SAGA_CALLBACK_URL"));
    }

    private void script(String name, String text) throws IOException {
        Path script = Files.writeString(directory.resolve(name), "#!/bin/bash\n" + text + "\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }

    /** What {@code java} printed: the umask, its arguments, and the variables of ours. */
    private List<String> run(String... arguments) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                "/bin/bash", directory.resolve("image/bin/saga").toString());
        builder.command().addAll(List.of(arguments));
        builder.environment().clear();
        builder.environment().putAll(environment);
        return builder.redirectErrorStream(true).start().inputReader().lines().toList();
    }
}
