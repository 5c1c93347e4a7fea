package dev.streamingsaga;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a reader copies from the README, the documentation and the examples. */
@Tag("one-jdk")
@Tag("unit")
class ExampleFilesTest {
    private static final Pattern COORDINATOR = Pattern.compile("https?://[^/\\s`]+/lra-coordinator");

    @Test
    void the_documentation_shows_the_route_test_that_is_run() throws IOException {
        assertThat(Path.of("docs/hub.md"))
                .content()
                .contains(Files.readString(Path.of("examples/plain/src/test/java/example/DropFolderRouteTest.java")));
    }

    @Test
    void the_documentation_shows_the_operations_that_are_run() throws IOException {
        assertThat(Path.of("docs/hub.md"))
                .content()
                .contains(Files.readString(Path.of("examples/plain/src/main/java/example/DailyReport.java")));
    }

    @Test
    void examples_and_documentation_agree_on_the_coordinator() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("examples"))) {
            List<Path> all = Stream.concat(
                            Stream.of(
                                    Path.of("README.md"),
                                    Path.of("docs/hub.md"),
                                    Path.of("config/application.properties")),
                            files.filter(file -> file.toString().matches(".*/src/main/.*\\.properties")))
                    .toList();
            assertThat(all)
                    .hasSize(6)
                    .allSatisfy(file -> assertThat(COORDINATOR
                                    .matcher(Files.readString(file))
                                    .results()
                                    .map(found -> found.group())
                                    .toList())
                            .as("%s", file)
                            .isNotEmpty()
                            .containsOnly("http://localhost:8482/lra-coordinator"));
        }
    }
}
