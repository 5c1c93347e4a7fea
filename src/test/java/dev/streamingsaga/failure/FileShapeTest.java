package dev.streamingsaga.failure;

import static dev.streamingsaga.failure.Aftermath.assertCompensated;
import static dev.streamingsaga.failure.Aftermath.assertNextFileCompletes;
import static dev.streamingsaga.failure.Aftermath.assertStored;
import static dev.streamingsaga.testkit.StreamingSagaFixture.BUCKET;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Files of every size and name, and paths that are not regular files. Each test has a thread of its own, since opening
 * a pipe cannot be interrupted.
 */
@Tag("one-jdk")
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class FileShapeTest {
    private static final int MAX = 2 * CHUNK;

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;
    private Path roots;

    @BeforeEach
    void start() throws IOException {
        roots = Files.createDirectories(directory.resolve("in"));
        saga = StreamingSagaFixture.start(
                directory,
                Map.of(
                        "saga.file.max-size", Integer.toString(MAX) + "B",
                        "saga.source.roots", roots + "," + directory.resolve("data")));
    }

    @AfterEach
    void stop() {
        saga.close();
    }

    // Sizes

    @ParameterizedTest
    @CsvSource({
        "0,0",
        "1,1",
        "100,1",
        CHUNK - 1 + ",1",
        CHUNK + ",1",
        CHUNK + 1 + ",2",
        2 * CHUNK - 1 + ",2",
        2 * CHUNK + ",2"
    })
    void stores_a_file_of_any_size(int size, int chunks) throws Exception {
        Original original = Original.of(saga.file("sized.bin", size));

        IngestResult result = saga.ingest(original.path());

        assertStored(saga, result, original);
        assertThat(result.sizeBytes()).isEqualTo(size);
        assertThat(result.chunkCount()).isEqualTo(chunks);
        assertThat(result.stores()).containsEntry("upload", (long) chunks);
        assertThat(storedSizes(result))
                .containsExactlyElementsOf(IntStream.range(0, chunks)
                        .mapToLong(i -> Math.min(CHUNK, size - i * (long) CHUNK))
                        .boxed()
                        .toList());
        assertThat(saga.number("relational", "SELECT size_bytes FROM relational_document"))
                .isEqualTo(size);
        assertThat(saga.number("relational", "SELECT chunk_count FROM relational_document"))
                .isEqualTo(chunks);
    }

    private List<Long> storedSizes(IngestResult result) {
        String chunks = Aftermath.prefix(saga, result) + "chunk-";
        return saga.bucket().listObjectsV2(r -> r.bucket(BUCKET).prefix(chunks)).contents().stream()
                .map(S3Object::size)
                .toList();
    }

    @Test
    void refuses_a_file_above_the_limit() {
        Original original = Original.of(saga.file("large.bin", MAX + 1));

        assertRefused(original.path(), Reason.FILE_TOO_LARGE);
        original.assertUntouched();
    }

    // Names

    static List<String> names() {
        return List.of(
                "with space.txt",
                " begins and ends with space ",
                "Grüße aus Köln.txt",
                "it's a \"name\".txt",
                "${x} {{saga.name}} $(id)",
                "#fragment?query=1&b",
                "100%41%2e.txt",
                "-leading-dash",
                "--data",
                "..%2f..%2fetc%2fpasswd",
                "...",
                "~",
                "semi;colon'); DROP TABLE relational_document; --",
                "🐙 emoji 😀.txt",
                "n".repeat(251) + ".txt",
                "名前.pdf",
                "a\u0301 combining",
                "<b onload=1>html",
                ":#sagaId",
                "CamelFileName",
                "*?[a-z]|");
    }

    @ParameterizedTest
    @MethodSource("names")
    void keeps_any_name_unchanged_and_out_of_every_key(String name) throws Exception {
        assertStoredAs(name, name);
    }

    @ParameterizedTest
    @CsvSource({
        "'line\nbreak\r.txt',line%0Abreak%0D.txt",
        "'back\\slash',back%5Cslash",
        "'tab\tname',tab%09name",
        "'bell\u0007.txt',bell%07.txt"
    })
    void encodes_characters_that_a_sender_may_not_use_in_a_name(String name, String shown) throws Exception {
        assertStoredAs(name, shown);
    }

    private void assertStoredAs(String name, String shown) throws IOException {
        Path file = roots.resolve(name);
        Files.writeString(file, "A short sentence about a lighthouse.");
        Original original = Original.of(file);

        IngestResult result = saga.ingest(file);

        assertStored(saga, result, original);
        assertThat(result.file()).isEqualTo(file.toString());
        assertThat(saga.text("relational", "SELECT file_name FROM relational_document"))
                .isEqualTo(shown);
        assertThat(saga.rows("relational", "relational_document")).isOne();
        assertThat(saga.keys())
                .hasSize(2)
                .allMatch(key -> key.matches("saga/[0-9a-z]{32}/[0-9a-z]{26}/(chunk-000000|manifest\\.json)"));
    }

    // Not a regular file, or not readable

    private void assertRefused(Path file, Reason reason) {
        IngestResult result = saga.ingest(file);

        assertCompensated(saga, result, reason);
        saga.assertNothingAnywhere();
        assertThat(saga.rows("journal", "source_claim")).isZero();
        assertNextFileCompletes(saga);
    }

    @Test
    void refuses_a_directory() throws Exception {
        Path folder = Files.createDirectories(roots.resolve("folder"));
        Files.writeString(folder.resolve("inside.txt"), "stays");

        assertRefused(folder, Reason.FILE_NOT_READABLE);
        assertThat(folder.resolve("inside.txt")).hasContent("stays");
    }

    @Test
    void refuses_a_pipe_without_opening_it() throws Exception {
        Path pipe = roots.resolve("pipe");
        Process mkfifo = new ProcessBuilder("mkfifo", pipe.toString()).start();
        assertThat(mkfifo.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(mkfifo.exitValue()).isZero();

        assertRefused(pipe, Reason.FILE_NOT_READABLE);
    }

    @ParameterizedTest
    @CsvSource({"/dev/zero", "/dev/null", "/dev/random"})
    void refuses_a_device(Path device) {
        assertRefused(device, Reason.FILE_NOT_READABLE);
    }

    @Test
    void refuses_an_unreadable_file() throws Exception {
        Path file = Files.writeString(roots.resolve("secret.txt"), "secret");
        Files.setPosixFilePermissions(file, java.util.Set.of());
        assumeFalse(Files.isReadable(file), "this user may read everything");

        assertRefused(file, Reason.FILE_NOT_READABLE);
    }

    @Test
    void stores_the_target_of_a_link() throws Exception {
        Original original = Original.of(saga.file("target.bin", 5000));
        Path link = Files.createSymbolicLink(roots.resolve("link.bin"), original.path());

        IngestResult result = saga.ingest(link);

        assertStored(saga, result, original);
        assertThat(result.file()).isEqualTo(original.path().toString());
        assertThat(Files.isSymbolicLink(link)).isTrue();
    }

    @Test
    void refuses_a_dangling_link() throws Exception {
        assertRefused(
                Files.createSymbolicLink(roots.resolve("dangling"), roots.resolve("nowhere")), Reason.FILE_NOT_FOUND);
    }

    @Test
    void refuses_a_link_to_itself() throws Exception {
        assertRefused(Files.createSymbolicLink(roots.resolve("loop"), roots.resolve("loop")), Reason.FILE_NOT_READABLE);
    }

    @Test
    void refuses_a_link_out_of_the_allowed_roots() throws Exception {
        Original outside = Original.of(Files.writeString(directory.resolve("outside.txt"), "not yours"));
        Path link = Files.createSymbolicLink(roots.resolve("inside.txt"), outside.path());

        assertRefused(link, Reason.FILE_NOT_READABLE);
        outside.assertUntouched();
    }

    @Test
    void refuses_a_file_outside_the_allowed_roots() throws Exception {
        Original outside = Original.of(Files.writeString(directory.resolve("outside.txt"), "not yours"));

        assertRefused(outside.path(), Reason.FILE_NOT_READABLE);
        assertRefusedAgain(roots.resolve("../outside.txt"));
        outside.assertUntouched();
    }

    private void assertRefusedAgain(Path file) {
        assertCompensated(saga, saga.ingest(file), Reason.FILE_NOT_READABLE);
    }

    @Test
    void refuses_a_folder_whose_name_only_begins_like_an_allowed_root() throws Exception {
        Path beside = Files.createDirectories(directory.resolve("in-secret"));

        assertRefused(Files.writeString(beside.resolve("file.txt"), "not yours"), Reason.FILE_NOT_READABLE);
    }

    @Test
    void refuses_a_file_of_its_own_data_directory() throws Exception {
        assertRefused(Files.writeString(saga.data().resolve("mine.txt"), "ours"), Reason.FILE_NOT_READABLE);
        assertRefusedAgain(saga.data().resolve("journal.db"));
    }

    @Test
    void refuses_a_file_of_its_own_data_directory_that_is_reached_through_a_link() throws Exception {
        Path real = directory.resolve("elsewhere");
        Path link = directory.resolve("link-to-data");
        try (StreamingSagaFixture linked = linkedTo(real, link)) {
            Path journal = real.resolve("data").resolve("journal.db");
            assertThat(journal).exists();

            assertCompensated(linked, linked.ingest(journal), Reason.FILE_NOT_READABLE);
            linked.assertNothingAnywhere();
        }
    }

    private static StreamingSagaFixture linkedTo(Path real, Path link) throws IOException {
        Files.createDirectories(real);
        Files.createSymbolicLink(link, real);
        return StreamingSagaFixture.start(link);
    }

    @Test
    void allows_a_root_that_is_a_link() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link-to-roots"), roots);
        try (StreamingSagaFixture linked =
                StreamingSagaFixture.start(directory.resolve("second"), Map.of("saga.source.roots", link.toString()))) {
            Original original = Original.of(Files.writeString(roots.resolve("reached.txt"), "A sentence."));

            assertStored(linked, linked.ingest(link.resolve("reached.txt")), original);
        }
    }

    /** Its size is reported as 0, but it has bytes to read. */
    @Test
    void refuses_a_file_that_reports_a_wrong_size() throws Exception {
        try (StreamingSagaFixture open = StreamingSagaFixture.start(directory.resolve("second"))) {
            IngestResult result = open.ingest(Path.of("/proc/self/status"));

            assertThat(result.status()).as("%s", result).isEqualTo("COMPENSATED");
            open.assertNothingAnywhere();
        }
    }
}
