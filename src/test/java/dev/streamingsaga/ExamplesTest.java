package dev.streamingsaga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.testkit.CoordinatorSettings;
import dev.streamingsaga.testkit.HubServers;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks what a project gets that depends on the jar. Maven builds it from a repository with the artifacts of this
 * build.
 */
@Tag("examples")
class ExamplesTest {
    private static final String VERSION = "0.1.0-SNAPSHOT";
    private static final long MEGABYTE = 1_000_000;

    @TempDir
    Path directory;

    private HubServers servers;

    @BeforeEach
    void publish() throws IOException {
        servers = new HubServers(directory);
        Path folder =
                Files.createDirectories(directory.resolve("repository/dev/streamingsaga/streaming-saga/" + VERSION));
        Files.copy(Path.of("pom.xml"), folder.resolve("streaming-saga-" + VERSION + ".pom"));
        Path classes = Path.of("target/classes");
        try (OutputStream file = Files.newOutputStream(folder.resolve("streaming-saga-" + VERSION + ".jar"));
                JarOutputStream jar = new JarOutputStream(file);
                Stream<Path> all = Files.walk(classes)) {
            for (Path each :
                    all.filter(found -> !found.equals(classes)).sorted().toList()) {
                boolean isFolder = Files.isDirectory(each);
                jar.putNextEntry(new JarEntry(
                        classes.relativize(each).toString().replace(File.separatorChar, '/') + (isFolder ? "/" : "")));
                if (!isFolder) {
                    Files.copy(each, jar);
                }
            }
        }
    }

    @AfterEach
    void stop() {
        servers.close();
    }

    /** Each example has a test that runs the hub: a dropped file completes, and the hub's own store contains it. */
    @ParameterizedTest
    @ValueSource(strings = {"plain", "spring-boot", "quarkus"})
    void the_example_hub_builds_and_runs(String example) throws Exception {
        Path copy = directory.resolve(example);
        try (Stream<Path> files = Files.walk(Path.of("examples", example))) {
            for (Path file : files.filter(each ->
                            Files.isRegularFile(each) && !each.toString().contains("target"))
                    .toList()) {
                Path to = copy.resolve(Path.of("examples", example).relativize(file));
                Files.createDirectories(to.getParent());
                Files.copy(file, to);
            }
        }

        String output = maven(copy.resolve("pom.xml"), "verify");

        assertThat(output)
                .contains("Tests run:", "Failures: 0, Errors: 0, Skipped: 0")
                .contains("BUILD SUCCESS");
        assertThat(servers.keys()).as("chunks in the bucket").anyMatch(key -> key.endsWith("/chunk-000000"));
    }

    /** A changed list shows which libraries a hub gets. */
    @Test
    void a_hub_gets_exactly_these_libraries() throws Exception {
        Path pom = Files.writeString(
                Files.createDirectories(directory.resolve("hub")).resolve("pom.xml"), """
                <project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
                <groupId>hub</groupId><artifactId>hub</artifactId><version>1</version>
                <dependencies><dependency><groupId>dev.streamingsaga</groupId><artifactId>streaming-saga</artifactId><version>%s</version></dependency></dependencies>
                </project>
                """.formatted(VERSION));
        Path list = directory.resolve("classpath");

        maven(
                pom,
                "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath",
                "-DincludeScope=runtime",
                "-Dmdep.outputFile=" + list);

        List<Path> jars = Arrays.stream(Files.readString(list).strip().split(File.pathSeparator))
                .map(Path::of)
                .toList();
        assertThat(jars.stream()
                        .map(jar -> jar.getParent().getParent().getFileName().toString())
                        .sorted()
                        .toList())
                .isEqualTo(Files.readAllLines(Path.of("src/test/resources/hub-libraries.txt")));
        long bytes = jars.stream().mapToLong(jar -> jar.toFile().length()).sum();
        assertThat(bytes).as("bytes that a hub gets").isBetween(20 * MEGABYTE, 28 * MEGABYTE);
    }

    /** Downloads artifacts that the local repository lacks, as in any build. */
    private String maven(Path pom, String... goals) throws Exception {
        List<String> command = Stream.concat(
                        Stream.of(
                                Path.of("mvnw").toAbsolutePath().toString(),
                                "-B",
                                "-ntp",
                                "-f",
                                pom.toString(),
                                "-Dmaven.repo.local.tail=" + directory.resolve("repository")),
                        Stream.of(goals))
                .toList();
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("maven.log").toFile());
        environment().forEach(builder.environment()::put);
        Process maven = builder.start();
        boolean ended = maven.waitFor(10, TimeUnit.MINUTES);
        maven.descendants().forEach(ProcessHandle::destroyForcibly);
        maven.destroyForcibly();
        String output = Files.readString(directory.resolve("maven.log"));
        assertThat(ended && maven.exitValue() == 0)
                .as("%s%n%s", command, output)
                .isTrue();
        return output;
    }

    private Map<String, String> environment() {
        Map<String, String> properties = servers.properties("saga");
        return Map.of(
                "JAVA_TOOL_OPTIONS", // for short-lived processes: Maven, the compiler, the hub
                "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
                "SAGA_COORDINATOR_URL",
                StreamingSagaFixture.coordinator().toString(),
                "SAGA_COORDINATOR_SECRET",
                CoordinatorSettings.SECRET,
                "SAGA_S3_ENDPOINT",
                properties.get("saga.s3.endpoint"),
                "HUB_S3_ENDPOINT",
                properties.get("saga.s3.endpoint"),
                "SAGA_S3_ACCESS_KEY",
                properties.get("saga.s3.access-key"),
                "HUB_S3_ACCESS_KEY",
                properties.get("saga.s3.access-key"),
                "SAGA_S3_SECRET_KEY",
                properties.get("saga.s3.secret-key"),
                "HUB_S3_SECRET_KEY",
                properties.get("saga.s3.secret-key"));
    }
}
