package dev.streamingsaga.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
@Tag("one-jdk")
class DockerfileTest {
    private static final Path IGNORED = Path.of("config/docker/Dockerfile.dockerignore");

    private final Dockerfile file = Dockerfile.ofTheImage();
    private final Dockerfile image = file.lastStage();

    @Test
    void runs_as_a_numbered_user_that_gets_the_signals() {
        assertThat(image.one("USER").arguments()).matches("[1-9]\\d{3,}:[1-9]\\d{3,}");
        assertThat(image.one("ENTRYPOINT").exec()).containsExactly("/opt/saga/bin/saga");
        assertThat(image.one("CMD").exec()).containsExactly("start");
        assertThat(image.one("STOPSIGNAL").arguments()).isEqualTo("SIGTERM");
        int user = image.instructions().indexOf(image.one("USER"));
        assertThat(image.instructions().subList(user, image.instructions().size()))
                .extracting(Dockerfile.Instruction::word)
                .as("nothing is built as that user, whose volume would be filled")
                .doesNotContain("RUN", "COPY");
    }

    @Test
    void has_a_health_check_that_needs_no_shell() {
        assertThat(image.one("HEALTHCHECK").exec()).containsExactly("/opt/saga/bin/healthcheck");
    }

    @Test
    void both_stages_have_the_same_fixed_java() {
        assertThat(file.all("FROM"))
                .extracting(Dockerfile.Instruction::arguments)
                .containsExactly("eclipse-temurin:25-jdk AS build", "eclipse-temurin:25-jre");
    }

    @Test
    void listens_beyond_the_container_only_with_keys() {
        assertThat(ContainerSettings.unknown(image.environment())).isEmpty();
        var http = ContainerSettings.parse(image.environment()).endpoints().http();
        assertThat(http.host()).isEqualTo("0.0.0.0");
        assertThat(http.auth().keysFile()).contains(Path.of("/var/lib/saga/keys"));
        assertThat(image.one("VOLUME").arguments()).isEqualTo("/var/lib/saga");
    }

    @Test
    void everything_that_it_copies_exists_and_is_sent_to_the_builder() throws IOException {
        List<String> sent = Files.readAllLines(IGNORED).stream()
                .filter(line -> line.startsWith("!"))
                .map(line -> line.substring(1))
                .toList();
        List<String> copied = file.all("COPY").stream()
                .filter(copy -> !copy.arguments().startsWith("--from"))
                .flatMap(copy -> sources(copy.arguments()).stream())
                .toList();

        assertThat(copied).isNotEmpty().allMatch(source -> Files.exists(Path.of(source)));
        assertThat(copied).isSubsetOf(sent);
        assertThat(sent).as("and nothing else is sent").isSubsetOf(copied);
    }

    @Test
    void its_scripts_can_be_run() {
        if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            assertThat(List.of("saga", "healthcheck", "archive-classes", "secrets"))
                    .allMatch(script -> Files.isExecutable(Path.of("config/docker", script)));
        }
    }

    /** All but the options and the destination. */
    private static List<String> sources(String arguments) {
        List<String> words = Arrays.stream(arguments.split("\\s+"))
                .filter(word -> !word.startsWith("--"))
                .toList();
        return words.subList(0, words.size() - 1);
    }
}
