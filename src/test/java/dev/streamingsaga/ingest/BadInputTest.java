package dev.streamingsaga.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.Internals;
import dev.streamingsaga.StreamingSaga;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.testkit.HubServers;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Everything bad that a hub's route can send to {@code direct:saga-ingest}: an outcome that says why, and nothing left.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class BadInputTest {
    private static final int MAX = 1_000_000;

    private HubServers servers;
    private CamelContext hub;
    private StreamingSaga bundle;
    private Path roots;
    private Path outside;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        Path here = directory.toRealPath();
        roots = Files.createDirectories(here.resolve("in"));
        outside = Files.createDirectories(here.resolve("outside"));
        servers = new HubServers(here);
        Map<String, String> settings = servers.properties("saga");
        settings.putAll(Map.of(
                "saga.source.roots",
                roots + ",/dev",
                "saga.file.max-size",
                Integer.toString(MAX),
                "saga.duplicates",
                "reject"));
        hub = HubServers.context(settings);
        bundle = new StreamingSaga();
        hub.addRoutes(bundle);
        hub.start();
        Files.writeString(outside.resolve("secret.txt"), "secret");
        Files.createSymbolicLink(roots.resolve("link.txt"), outside.resolve("secret.txt"));
        Files.createSymbolicLink(roots.resolve("loop"), roots.resolve("loop"));
        Files.createDirectory(roots.resolve("folder"));
        Files.writeString(roots.resolve("file.txt"), "a file");
        Files.write(roots.resolve("large.bin"), new byte[MAX + 1]);
        assertThat(ingest(Files.writeString(roots.resolve("stored.txt"), "stored once\n"))
                        .status())
                .isEqualTo("COMPLETED");
        assertThat(new ProcessBuilder("mkfifo", roots.resolve("pipe").toString())
                        .start()
                        .waitFor())
                .isZero();
    }

    @AfterAll
    void stop() {
        hub.stop();
        servers.close();
    }

    private IngestResult ingest(@Nullable Object body) {
        return hub.createProducerTemplate().requestBody("direct:saga-ingest", body, IngestResult.class);
    }

    /** @param says all that the outcome's message must contain */
    private record Case(String what, @Nullable Object body, Reason reason, String... says) {
        @Override
        public String toString() {
            return what;
        }
    }

    Stream<Case> files() {
        return Stream.of(
                new Case(
                        "outside the roots",
                        outside.resolve("secret.txt"),
                        Reason.FILE_NOT_READABLE,
                        "secret.txt",
                        "outside saga.source.roots",
                        "nothing was written"),
                new Case(
                        "../", roots + "/../outside/secret.txt", Reason.FILE_NOT_READABLE, "outside saga.source.roots"),
                new Case(
                        "a link that leads out",
                        roots.resolve("link.txt").toFile(),
                        Reason.FILE_NOT_READABLE,
                        "outside saga.source.roots"),
                new Case(
                        "a device",
                        "/dev/zero",
                        Reason.FILE_NOT_READABLE,
                        "/dev/zero is not a regular file",
                        "nothing was read"),
                new Case(
                        "a pipe",
                        roots.resolve("pipe"),
                        Reason.FILE_NOT_READABLE,
                        "pipe is not a regular file",
                        "nothing was read"),
                new Case(
                        "a directory",
                        roots.resolve("folder"),
                        Reason.FILE_NOT_READABLE,
                        "folder is not a regular file",
                        "nothing was read"),
                new Case("nothing there", roots.resolve("none.txt"), Reason.FILE_NOT_FOUND, "none.txt is not there"),
                new Case("a loop of links", roots.resolve("loop"), Reason.FILE_NOT_READABLE, "loop cannot be read"),
                new Case(
                        "a file as a folder",
                        roots + "/file.txt/x",
                        Reason.FILE_NOT_READABLE,
                        "file.txt/x cannot be read"),
                new Case("a name too long", roots + "/" + "n".repeat(300), Reason.FILE_NOT_READABLE, "cannot be read"),
                new Case(
                        "over the limit",
                        roots.resolve("large.bin"),
                        Reason.FILE_TOO_LARGE,
                        "large.bin has 1000001 bytes",
                        "saga.file.max-size allows",
                        "nothing was written"),
                new Case(
                        "a duplicate",
                        roots.resolve("stored.txt"),
                        Reason.DUPLICATE,
                        "stored.txt is already stored as document",
                        "nothing was written"));
    }

    Stream<Case> bodies() {
        String document = "The keeper of the lighthouse counted his gulls.\n".repeat(200);
        return Stream.of(
                new Case(
                        "no body",
                        null,
                        Reason.FILE_NOT_FOUND,
                        "nothing",
                        "the body must name a file, as Path, File or String"),
                new Case("NUL", "/a\0b", Reason.FILE_NOT_FOUND, "/a?b", "no path"),
                new Case("an empty name", "", Reason.FILE_NOT_READABLE, "not a regular file"),
                new Case(
                        "the document as bytes",
                        document.getBytes(),
                        Reason.FILE_NOT_FOUND,
                        "byte[]",
                        "the body must name a file"),
                new Case(
                        "the document as a stream",
                        new ByteArrayInputStream(document.getBytes()),
                        Reason.FILE_NOT_FOUND,
                        "ByteArrayInputStream",
                        "the body must name a file"),
                new Case(
                        "the document as text",
                        document,
                        Reason.FILE_NOT_FOUND,
                        "text of 9600 characters",
                        "the body must name a file"),
                new Case("something else", Map.of("path", "/x"), Reason.FILE_NOT_FOUND, "the body must name a file"));
    }

    private List<Object> contents() {
        return List.of(
                servers.keys(),
                Internals.journal(bundle).sagas().unfinished(),
                Internals.journal(bundle).cleanups().all());
    }

    @ParameterizedTest
    @MethodSource({"files", "bodies"})
    void ends_with_an_outcome_that_says_why_and_leaves_nothing(Case bad) {
        List<Object> before = contents();

        IngestResult result = ingest(bad.body());

        assertThat(result.status()).as("%s", result).isEqualTo("COMPENSATED");
        assertThat(result.reason()).as("%s", result).isEqualTo(bad.reason().name());
        assertThat(result.message()).contains(bad.says()).doesNotContain("Exception", "gulls");
        assertThat(result.file()).as("no content as a name").doesNotContain("gulls");
        assertThat(contents()).isEqualTo(before);
    }

    @Test
    void a_document_of_no_bytes_is_one() throws Exception {
        IngestResult result = ingest(Files.createFile(roots.resolve("empty.txt")));

        assertThat(result.status()).isEqualTo("COMPLETED");
        assertThat(result.sizeBytes()).isZero();
    }
}
