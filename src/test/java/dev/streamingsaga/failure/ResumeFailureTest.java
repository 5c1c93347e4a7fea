package dev.streamingsaga.failure;

import static dev.streamingsaga.failure.Aftermath.assertNothingLeft;
import static dev.streamingsaga.failure.Aftermath.assertStored;
import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.testkit.EmbeddingServer;
import dev.streamingsaga.testkit.ProxiedRequest;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** FP-10 to FP-16 and edge case 5: failures of a run that resumes where the first one stopped. */
@Tag("one-jdk")
@Timeout(120)
class ResumeFailureTest {
    private static final int CHUNKS = 5;
    private static final int HELD = 2;

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;
    private EmbeddingServer model;

    private void start(Map<String, String> settings) throws IOException {
        Map<String, String> all = new HashMap<>(Map.of("saga.chunk.parallelism", "1"));
        all.putAll(settings);
        saga = StreamingSagaFixture.start(directory, all);
    }

    @AfterEach
    void stop() {
        saga.close();
        if (model != null) {
            model.close();
        }
    }

    private Path fiveChunks() {
        return saga.file("five.bin", (CHUNKS - 1) * (long) CHUNK + 1000);
    }

    private static Predicate<ProxiedRequest> put(int chunk) {
        return method("PUT").and(keyEndsWith("/chunk-%06d".formatted(chunk)));
    }

    private long puts(int chunk) {
        return saga.s3().count(put(chunk));
    }

    private long heads(int chunk) {
        return saga.s3().count(method("HEAD").and(keyEndsWith("/chunk-%06d".formatted(chunk))));
    }

    private long allPuts() {
        return saga.s3().count(method("PUT"));
    }

    /**
     * Stopped while the third of five chunks is sent: three are stored, of which two are confirmed; two were never
     * sent.
     */
    private Interrupted interrupted(Path file) throws InterruptedException {
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        saga.s3().when(put(HELD)).beforeForward(() -> {
            reached.countDown();
            release.await();
        });
        Interrupted stopped = Interrupted.stop(Interrupted.begin(saga, file, reached), release::countDown);
        assertThat(saga.column("journal", "SELECT state FROM chunk ORDER BY idx"))
                .containsExactly("SENT", "SENT", "SENDING", "PENDING", "PENDING");
        return stopped;
    }

    // Edge case 5

    @Test
    void edge_case_5_sends_only_what_the_bucket_does_not_confirm() throws Exception {
        start(Map.of());
        Original file = Original.of(fiveChunks());
        Interrupted stopped = interrupted(file.path());

        IngestResult result = stopped.resume();

        assertStored(saga, result, file);
        assertThat(List.of(puts(0), puts(1), puts(2), puts(3), puts(4)))
                .as("times sent in both runs")
                .containsOnly(1L);
        assertThat(result.runs()).isEqualTo(2);
        assertThat(result.resumedBytes()).isEqualTo(3L * CHUNK);
        assertThat(result.stores()).containsEntry("upload", (long) CHUNKS);
    }

    @Test
    void edge_case_5_the_next_process_resumes_automatically() throws Exception {
        start(Map.of());
        Original file = Original.of(fiveChunks());
        Interrupted stopped = interrupted(file.path());

        IngestResult result = stopped.restart();

        assertStored(saga, result, file);
        assertThat(List.of(puts(0), puts(1), puts(2), puts(3), puts(4))).containsOnly(1L);
        assertThat(result.runs()).isEqualTo(2);
        assertThat(result.resumedBytes()).isEqualTo(3L * CHUNK);
    }

    @Test
    void edge_case_5_or_compensates_as_configured() throws Exception {
        start(Map.of("saga.recovery.mode", "compensate"));
        Interrupted stopped = interrupted(fiveChunks());
        long before = allPuts();

        IngestResult result = stopped.restart();

        assertThat(allPuts()).isEqualTo(before);
        assertThat(result.message()).contains("process that ran the saga ended");
        assertNothingLeft(saga, result, Reason.CANCELLED);
    }

    @Test
    void sends_a_chunk_again_that_vanished_or_changed_meanwhile() throws Exception {
        start(Map.of());
        Original file = Original.of(fiveChunks());
        Interrupted stopped = interrupted(file.path());
        String prefix = Aftermath.prefix(saga, stopped.result());
        saga.bucket().deleteObject(r -> r.bucket(StreamingSagaFixture.BUCKET).key(prefix + "chunk-000000"));
        saga.put(prefix + "chunk-000001", new byte[CHUNK]);

        IngestResult result = stopped.resume();

        assertStored(saga, result, file);
        assertThat(List.of(puts(0), puts(1))).containsExactly(2L, 2L);
        assertThat(result.resumedBytes()).as("the third, untouched").isEqualTo((long) CHUNK);
    }

    @Test
    void queries_single_chunks_only_if_their_answer_was_lost() throws Exception {
        start(Map.of());
        Original file = Original.of(fiveChunks());

        assertStored(saga, interrupted(file.path()).resume(), file);

        assertThat(List.of(heads(0), heads(1), heads(2), heads(3), heads(4)))
                .as("one each by the step verify")
                .containsExactly(1L, 1L, 2L, 1L, 1L);
    }

    @Test
    void sends_a_chunk_again_that_was_changed_on_the_servers_disk() throws Exception {
        start(Map.of());
        Original file = Original.of(fiveChunks());
        Interrupted stopped = interrupted(file.path());
        Path object = saga.object(Aftermath.prefix(saga, stopped.result()) + "chunk-000001");
        FileTime later = FileTime.fromMillis(Files.getLastModifiedTime(object).toMillis() + 1000);
        Files.write(object, new byte[CHUNK]);
        Files.setLastModifiedTime(object, later);

        assertStored(saga, stopped.resume(), file);
        assertThat(List.of(puts(0), puts(1))).containsExactly(1L, 2L);
    }

    @Test
    void does_not_repeat_a_stored_embedding_batch() throws Exception {
        model = new EmbeddingServer();
        start(model.settings());
        Original file = Original.of(saga.text("keeper.txt", 60));
        CountDownLatch reached = model.holdAfter(4);
        Interrupted.UnderWay running = Interrupted.begin(saga, file.path(), reached);
        Interrupted stopped = Interrupted.stop(running, model::release);
        long stored = saga.rows("vector", "vector_segment");
        assertThat(stored).as("a part of the document").isPositive();
        List<String> texts = saga.column("vector", "SELECT text FROM vector_segment");
        int first = model.embedded().size();
        saga.execute("vector", "CREATE TABLE inserted (ordinal INTEGER)");
        saga.execute(
                "vector",
                "CREATE TRIGGER note AFTER INSERT ON vector_segment BEGIN INSERT INTO inserted"
                        + " VALUES (new.ordinal); END");

        IngestResult result = stopped.resume();

        assertStored(saga, result, file);
        long all = saga.rows("vector", "vector_segment");
        assertThat(all).isGreaterThan(stored);
        assertThat(saga.number("vector", "SELECT count(*) FROM inserted"))
                .as("inserted by the second run")
                .isEqualTo(all - stored);
        assertThat(saga.number("vector", "SELECT min(ordinal) FROM inserted")).isEqualTo(stored);
        // The batch of a request that the first run left behind was not stored, so the second run sends it again.
        Set<String> second =
                Set.copyOf(model.embedded().subList(first, model.embedded().size()));
        assertThat(second)
                .as("embedded by the second run")
                .hasSize(Math.toIntExact(all - stored))
                .doesNotContainAnyElementsOf(texts);
    }

    // FP-10 to FP-12

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void fp_10_fp_11_waits_and_tries_again_in_a_resumed_run(int failures) throws Exception {
        start(Map.of("saga.chunk.retry-delay", "700ms"));
        Original file = Original.of(fiveChunks());
        Interrupted stopped = interrupted(file.path());
        saga.s3().when(put(3)).times(failures).answer(503, "SlowDown");

        IngestResult result = stopped.resume();

        assertStored(saga, result, file);
        assertThat(puts(3)).isEqualTo(failures + 1);
        assertThat(puts(0)).isOne();
        List<Long> arrivals = saga.s3().arrivalNanos(put(3));
        for (int i = 1; i < arrivals.size(); i++) {
            assertThat(Duration.ofNanos(arrivals.get(i) - arrivals.get(i - 1)))
                    .as("pause before attempt %d", i + 1)
                    .isGreaterThanOrEqualTo(Duration.ofMillis(690));
        }
    }

    @Test
    void fp_12_gives_up_after_the_third_attempt_of_a_resumed_run() throws Exception {
        start(Map.of());
        Original file = Original.of(fiveChunks());
        Interrupted stopped = interrupted(file.path());
        saga.s3().when(put(3)).always().answer(503, "SlowDown");

        IngestResult result = stopped.resume();

        assertThat(puts(3)).isEqualTo(3);
        assertThat(puts(4)).isZero();
        assertThat(result.runs()).isEqualTo(2);
        assertNothingLeft(saga, result, Reason.MAX_RETRIES_EXCEEDED);
        file.assertUntouched();
    }

    // FP-13

    /** A wrong order, in rows whose checksums match. */
    private enum Disorder {
        SWAPPED,
        GAP,
        DOUBLE
    }

    @ParameterizedTest
    @EnumSource
    void fp_13_chunk_order_is_wrong_in_the_journal(Disorder how) throws Exception {
        start(Map.of());
        Interrupted stopped = interrupted(fiveChunks());
        long before = allPuts();
        switch (how) {
            case SWAPPED -> {
                move(1, 99);
                move(0, 1);
                move(99, 0);
            }
            case GAP -> move(4, 7);
            case DOUBLE -> {
                saga.execute(
                        "journal",
                        "UPDATE chunk SET (byte_offset, size_bytes, object_key, sha256) ="
                                + " (SELECT byte_offset, size_bytes, object_key, sha256 FROM chunk"
                                + " WHERE idx = 0) WHERE idx = 1");
                move(1, 1);
            }
        }

        IngestResult result = stopped.resume();

        assertThat(allPuts()).as("nothing is sent with such a plan").isEqualTo(before);
        assertNothingLeft(saga, result, Reason.CHUNK_ORDER_MISMATCH);
    }

    /** Gives a row another index and the matching checksum: damage that the checksum does not reveal. */
    private void move(int from, int to) throws Exception {
        saga.execute("journal", "UPDATE chunk SET idx = " + to + " WHERE idx = " + from);
        String content = saga.column(
                        "journal",
                        "SELECT saga_id || '|' || idx || '|' || byte_offset || '|' || size_bytes || '|' || object_key"
                                + " || '|' || sha256 FROM chunk WHERE idx = " + to)
                .get(0);
        String check = HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8)));
        saga.execute("journal", "UPDATE chunk SET row_check = '" + check.substring(0, 16) + "' WHERE idx = " + to);
    }

    // FP-14

    @ParameterizedTest
    @ValueSource(strings = {"idx = 1", "idx = 4", "idx < 9"})
    void fp_14_chunk_rows_are_missing(String lost) throws Exception {
        start(Map.of());
        Interrupted stopped = interrupted(fiveChunks());
        long before = allPuts();
        saga.execute("journal", "DELETE FROM chunk WHERE " + lost);

        IngestResult result = stopped.resume();

        assertThat(allPuts()).isEqualTo(before);
        assertNothingLeft(saga, result, Reason.METADATA_CORRUPT);
    }

    @Test
    void fp_14_a_chunk_row_is_damaged() throws Exception {
        start(Map.of());
        Interrupted stopped = interrupted(fiveChunks());
        saga.execute("journal", "UPDATE chunk SET object_key = 'saga/else' WHERE idx = 1");

        assertNothingLeft(saga, stopped.resume(), Reason.METADATA_CORRUPT);
    }

    // FP-15, FP-16

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void fp_15_the_file_has_another_size(boolean longer) throws Exception {
        start(Map.of());
        Path file = fiveChunks();
        Interrupted stopped = interrupted(file);
        long before = allPuts();
        if (longer) {
            Files.write(file, new byte[] {1}, StandardOpenOption.APPEND);
        } else {
            Files.write(file, Arrays.copyOf(Files.readAllBytes(file), CHUNK));
        }

        IngestResult result = stopped.resume();

        assertThat(allPuts()).as("nothing is sent before the check").isEqualTo(before);
        assertNothingLeft(saga, result, Reason.SIZE_MISMATCH);
    }

    @Test
    void fp_16_the_file_has_other_content_of_the_same_size_and_time() throws Exception {
        start(Map.of());
        Path file = fiveChunks();
        FileTime modified = Files.getLastModifiedTime(file);
        Interrupted stopped = interrupted(file);
        long before = allPuts();
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        Files.setLastModifiedTime(file, modified);

        IngestResult result = stopped.resume();

        assertThat(allPuts()).isEqualTo(before);
        assertThat(result.message()).contains("please retry");
        assertNothingLeft(saga, result, Reason.HASH_MISMATCH);
    }

    /**
     * Written through a memory mapping whose page is dirty already: no time stamp changes, and only the bytes differ.
     * They belong to a chunk that the bucket has, so no server compares them either.
     */
    @Test
    void fp_16_the_file_has_other_content_but_the_same_inode_size_and_times() throws Exception {
        start(Map.of());
        Path file = fiveChunks();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MappedByteBuffer memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, CHUNK);
            memory.put(7, memory.get(7));
            Interrupted stopped = interrupted(file);
            memory.put(7, (byte) (memory.get(7) ^ 1));

            IngestResult result = stopped.resume();

            assertThat(result.message()).contains("please retry");
            assertNothingLeft(saga, result, Reason.HASH_MISMATCH);
        }
    }

    /** The same in a chunk that was not sent yet: the bucket compares it. */
    @Test
    void fp_16_the_file_has_other_content_in_a_chunk_that_was_not_sent_yet() throws Exception {
        start(Map.of());
        Path file = fiveChunks();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MappedByteBuffer memory = channel.map(FileChannel.MapMode.READ_WRITE, 3L * CHUNK, CHUNK);
            memory.put(7, memory.get(7));
            Interrupted stopped = interrupted(file);
            memory.put(7, (byte) (memory.get(7) ^ 1));

            IngestResult result = stopped.resume();

            assertNothingLeft(saga, result, Reason.HASH_MISMATCH);
            assertThat(result.message()).contains("please retry");
        }
    }

    @Test
    void fp_16_the_file_is_gone() throws Exception {
        start(Map.of());
        Path file = fiveChunks();
        Interrupted stopped = interrupted(file);
        Files.delete(file);

        assertNothingLeft(saga, stopped.resume(), Reason.FILE_NOT_FOUND);
    }

    @Test
    void a_file_that_was_only_touched_is_resumed() throws Exception {
        start(Map.of());
        Path file = fiveChunks();
        Interrupted stopped = interrupted(file);
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000_000L));

        assertStored(saga, stopped.resume(), Original.of(file));
        assertThat(puts(0)).isOne();
    }
}
