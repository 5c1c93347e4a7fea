package dev.streamingsaga.failure;

import static dev.streamingsaga.failure.Aftermath.assertCompensated;
import static dev.streamingsaga.failure.Aftermath.assertNothingLeft;
import static dev.streamingsaga.failure.Aftermath.assertStored;
import static dev.streamingsaga.testkit.ProxiedRequest.keyContains;
import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.testkit.FaultRule;
import dev.streamingsaga.testkit.ProxiedRequest;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** FP-1 to FP-9: failures while chunks are sent to the bucket. */
@Tag("one-jdk")
@Timeout(120)
class UploadFailureTest {
    private static final int CHUNKS = 5;
    private static final int FIRST = 0;
    private static final int MIDDLE = CHUNKS / 2;
    private static final int LAST = CHUNKS - 1;
    private static final String MODIFIED = "file was modified during upload, please retry";

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;

    /** @param settings key, value, key, value; chunks are sent one by one, so that "in the middle" is well defined */
    private void start(String... settings) throws IOException {
        saga = StreamingSagaFixture.start(directory, Map.of("saga.chunk.parallelism", "1"), settings);
    }

    @AfterEach
    void stop() {
        saga.close();
    }

    private Path fiveChunks() {
        return saga.file("five.bin", LAST * (long) CHUNK + 1000);
    }

    private static Predicate<ProxiedRequest> put(int chunk) {
        return method("PUT").and(keyEndsWith("/chunk-%06d".formatted(chunk)));
    }

    private long puts(int chunk) {
        return saga.s3().count(put(chunk));
    }

    // FP-1

    @Test
    void fp_01_file_missing_at_the_start() throws Exception {
        start();

        IngestResult result = saga.ingest(directory.resolve("nowhere.pdf"));

        assertThat(saga.s3().count(method("PUT").and(keyContains("/saga/")))).isZero();
        assertNothingLeft(saga, result, Reason.FILE_NOT_FOUND);
    }

    // FP-2

    @Test
    void fp_02_file_deleted_in_the_middle() throws Exception {
        start();
        Path file = fiveChunks();
        FaultRule rule = saga.s3().when(put(MIDDLE)).beforeForward(() -> Files.delete(file));

        IngestResult result = saga.ingest(file);

        assertThat(rule.applied()).isOne();
        assertThat(puts(MIDDLE + 1)).as("an open handle is not trusted").isZero();
        assertNothingLeft(saga, result, Reason.FILE_NOT_FOUND);
        assertThat(file).doesNotExist();
    }

    @Test
    void fp_02_file_deleted_while_the_last_chunk_is_sent() throws Exception {
        start();
        Path file = fiveChunks();
        saga.s3().when(put(LAST)).beforeForward(() -> Files.delete(file));

        IngestResult result = saga.ingest(file);

        assertThat(puts(LAST)).isOne();
        assertNothingLeft(saga, result, Reason.FILE_NOT_FOUND);
    }

    @Test
    void fp_02_file_deleted_while_many_chunks_are_sent_in_parallel() throws Exception {
        start("saga.chunk.parallelism", "4");
        Path file = fiveChunks();
        saga.s3().when(put(1)).beforeForward(() -> Files.delete(file));

        assertNothingLeft(saga, saga.ingest(file), Reason.FILE_NOT_FOUND);
    }

    // FP-3

    @FunctionalInterface
    private interface Change {
        void of(Path file) throws IOException;
    }

    /** Changes to a file while it is sent; each must be detected. */
    enum Touch {
        APPENDED(file -> Files.writeString(file, "more", StandardOpenOption.APPEND)),
        CUT_SHORT(file -> {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(MIDDLE * (long) CHUNK);
            }
        }),
        OVERWRITTEN_WITH_THE_SAME_SIZE(file -> overwrite(file, LAST * (long) CHUNK)),
        OVERWRITTEN_AHEAD_AND_TIME_SET_BACK(file -> overwriteSecretly(file, LAST * (long) CHUNK)),
        OVERWRITTEN_BEHIND_AND_TIME_SET_BACK(file -> overwriteSecretly(file, 0)),
        REPLACED_BY_RENAME(file -> {
            Path other = Files.write(file.resolveSibling("other.bin"), new byte[(int) Files.size(file)]);
            Files.move(other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }),
        REPLACED_BY_A_COPY_WITH_THE_SAME_TIME(file -> {
            Path other = Files.copy(file, file.resolveSibling("other.bin"), StandardCopyOption.COPY_ATTRIBUTES);
            Files.move(other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        });

        private final Change change;

        Touch(Change change) {
            this.change = change;
        }

        private static void overwrite(Path file, long at) throws IOException {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(new byte[500]), at);
            }
        }

        private static void overwriteSecretly(Path file, long at) throws IOException {
            FileTime before = Files.getLastModifiedTime(file);
            overwrite(file, at);
            Files.setLastModifiedTime(file, before);
        }
    }

    @ParameterizedTest
    @EnumSource
    void fp_03_file_modified_in_the_middle(Touch touch) throws Exception {
        start();
        Path file = fiveChunks();
        FaultRule rule = saga.s3().when(put(MIDDLE)).beforeForward(() -> touch.change.of(file));

        IngestResult result = saga.ingest(file);

        assertThat(rule.applied()).isOne();
        assertThat(result.message()).contains(MODIFIED);
        assertNothingLeft(saga, result, Reason.HASH_MISMATCH);
    }

    @ParameterizedTest
    @EnumSource(
            names = {
                "APPENDED",
                "OVERWRITTEN_WITH_THE_SAME_SIZE",
                "OVERWRITTEN_BEHIND_AND_TIME_SET_BACK",
                "REPLACED_BY_RENAME"
            })
    void fp_03_file_modified_while_the_last_chunk_is_sent(Touch touch) throws Exception {
        start();
        Path file = fiveChunks();
        saga.s3().when(put(LAST)).afterReply(() -> touch.change.of(file));

        IngestResult result = saga.ingest(file);

        assertThat(puts(LAST)).isOne();
        assertThat(result.message()).contains(MODIFIED);
        assertNothingLeft(saga, result, Reason.HASH_MISMATCH);
    }

    /** A change of attributes is not a change of content. */
    @Test
    void fp_03_file_whose_permissions_change_in_the_middle_is_stored() throws Exception {
        start();
        Original original = Original.of(fiveChunks());
        FaultRule rule = saga.s3()
                .when(put(MIDDLE))
                .beforeForward(() ->
                        Files.setPosixFilePermissions(original.path(), PosixFilePermissions.fromString("r--------")));

        IngestResult result = saga.ingest(original.path());

        assertThat(rule.applied()).isOne();
        assertStored(saga, result, original);
    }

    @Test
    void fp_03_the_modified_file_is_stored_when_tried_again() throws Exception {
        start();
        Path file = fiveChunks();
        saga.s3().when(put(MIDDLE)).beforeForward(() -> Files.writeString(file, "more", StandardOpenOption.APPEND));
        assertCompensated(saga, saga.ingest(file), Reason.HASH_MISMATCH);

        Original modified = Original.of(file);

        assertStored(saga, saga.ingest(file), modified);
    }

    // FP-4, FP-5, FP-6

    /** How a connection can fail. */
    enum Fault {
        REFUSED,
        RESET_IN_THE_BODY,
        SLOW_DOWN;

        void on(FaultRule rule) {
            switch (this) {
                case REFUSED -> rule.refuse();
                case RESET_IN_THE_BODY -> rule.resetAfter(500);
                case SLOW_DOWN -> rule.answer(503, "SlowDown");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void fp_04_connection_fails_twice_on_the_first_chunk_and_is_retried(Fault fault) throws Exception {
        failsTwice(FIRST, fault);
    }

    @ParameterizedTest
    @EnumSource
    void fp_04_connection_fails_for_ever_on_the_first_chunk(Fault fault) throws Exception {
        failsForEver(FIRST, fault);
    }

    @ParameterizedTest
    @EnumSource
    void fp_05_connection_fails_in_the_middle_and_is_retried_from_that_chunk(Fault fault) throws Exception {
        failsTwice(MIDDLE, fault);
    }

    @ParameterizedTest
    @EnumSource
    void fp_05_connection_fails_for_ever_in_the_middle(Fault fault) throws Exception {
        failsForEver(MIDDLE, fault);
    }

    @ParameterizedTest
    @EnumSource
    void fp_06_connection_fails_twice_on_the_last_chunk_and_is_retried(Fault fault) throws Exception {
        failsTwice(LAST, fault);
    }

    @ParameterizedTest
    @EnumSource
    void fp_06_connection_fails_for_ever_on_the_last_chunk(Fault fault) throws Exception {
        failsForEver(LAST, fault);
    }

    private void failsTwice(int chunk, Fault fault) throws IOException {
        start();
        Original original = Original.of(fiveChunks());
        fault.on(saga.s3().when(put(chunk)).times(2));

        IngestResult result = saga.ingest(original.path());

        for (int i = 0; i < CHUNKS; i++) {
            assertThat(puts(i)).as("times chunk " + i + " was sent").isEqualTo(i == chunk ? 3 : 1);
        }
        assertThat(attempts(result, chunk)).isEqualTo(3);
        assertStored(saga, result, original);
    }

    private void failsForEver(int chunk, Fault fault) throws IOException {
        start();
        Original original = Original.of(fiveChunks());
        fault.on(saga.s3().when(put(chunk)).always());

        IngestResult result = saga.ingest(original.path());

        for (int i = 0; i < CHUNKS; i++) {
            assertThat(puts(i)).as("times chunk " + i + " was sent").isEqualTo(i == chunk ? 3 : i < chunk ? 1 : 0);
        }
        assertThat(attempts(result, chunk)).isEqualTo(3);
        assertThat(result.message()).contains("chunk " + chunk).contains("after 3 attempts");
        assertNothingLeft(saga, result, Reason.MAX_RETRIES_EXCEEDED);
        original.assertUntouched();
    }

    private long attempts(IngestResult result, int chunk) {
        return saga.number(
                "journal", "SELECT attempts FROM chunk WHERE saga_id = '" + result.sagaId() + "' AND idx = " + chunk);
    }

    @Test
    void fp_05_waits_at_least_the_configured_delay_between_attempts() throws Exception {
        Duration delay = Duration.ofMillis(700);
        start("saga.chunk.retry-delay", delay.toMillis() + "ms");
        Path file = saga.file("one.bin", 1000);
        saga.s3().when(put(FIRST)).always().refuse();

        IngestResult result = saga.ingest(file);

        List<Long> times = saga.s3().arrivalNanos(put(FIRST));
        assertThat(times).hasSize(3);
        assertThat(times.get(1) - times.get(0)).isGreaterThanOrEqualTo(delay.toNanos());
        assertThat(times.get(2) - times.get(1)).isGreaterThanOrEqualTo(delay.toNanos());
        assertNothingLeft(saga, result, Reason.MAX_RETRIES_EXCEEDED);
    }

    /** A wait after it would run into the class's time limit. */
    @Test
    void fp_05_does_not_wait_after_the_last_attempt() throws Exception {
        start("saga.chunk.retry-delay", "3600s", "saga.chunk.attempts", "1");
        saga.s3().when(put(FIRST)).always().refuse();

        IngestResult result = saga.ingest(saga.file("one.bin", 1000));

        assertThat(puts(FIRST)).isOne();
        assertNothingLeft(saga, result, Reason.MAX_RETRIES_EXCEEDED);
    }

    @Test
    void fp_05_fails_for_ever_while_other_chunks_are_sent() throws Exception {
        start("saga.chunk.parallelism", "4");
        Original original = Original.of(fiveChunks());
        saga.s3().when(put(MIDDLE)).always().refuse();

        IngestResult result = saga.ingest(original.path());

        assertThat(puts(MIDDLE)).isEqualTo(3);
        assertNothingLeft(saga, result, Reason.MAX_RETRIES_EXCEEDED);
        original.assertUntouched();
    }

    // FP-7

    @ParameterizedTest
    @CsvSource({"507,InsufficientStorage", "507,SomethingOfAProxy", "403,QuotaExceeded", "500,XMinioStorageFull"})
    void fp_07_object_store_full(int status, String code) throws Exception {
        start();
        Original original = Original.of(fiveChunks());
        saga.s3().when(put(MIDDLE)).always().answer(status, code);

        IngestResult result = saga.ingest(original.path());

        assertThat(puts(MIDDLE)).as("no further attempt at a full store").isOne();
        assertThat(puts(MIDDLE + 1)).isZero();
        assertNothingLeft(saga, result, Reason.STORAGE_FULL);
        original.assertUntouched();
    }

    @Test
    void fp_07_object_store_full_when_the_manifest_is_written() throws Exception {
        start();
        Original original = Original.of(saga.text("keeper.txt", 50));
        saga.s3()
                .when(method("PUT").and(keyEndsWith("/manifest.json")))
                .always()
                .answer(507, "InsufficientStorage");

        IngestResult result = saga.ingest(original.path());

        assertThat(saga.s3().count(method("PUT").and(keyEndsWith("/manifest.json"))))
                .isOne();
        assertNothingLeft(saga, result, Reason.STORAGE_FULL);
        original.assertUntouched();
    }

    // FP-8

    @Test
    void fp_08_reply_lost_once_is_retried_with_the_same_key() throws Exception {
        start("saga.s3.timeout", "2s");
        Original original = Original.of(saga.file("one.bin", 1000));
        FaultRule rule = saga.s3().when(put(FIRST)).loseReply();

        IngestResult result = saga.ingest(original.path());

        assertThat(rule.applied()).isOne();
        List<ProxiedRequest> sent =
                saga.s3().requests().stream().filter(put(FIRST)).toList();
        assertThat(sent)
                .hasSize(2)
                .extracting(ProxiedRequest::path)
                .containsOnly(sent.get(0).path());
        assertThat(sent.get(0).upstreamStatus())
                .as("the first attempt stored it")
                .isEqualTo(200);
        assertThat(saga.keys()).hasSize(2);
        assertStored(saga, result, original);
    }

    @Test
    void fp_08_reply_lost_for_ever_and_the_stored_object_is_deleted() throws Exception {
        start("saga.s3.timeout", "2s");
        Original original = Original.of(saga.file("one.bin", 1000));
        saga.s3().when(put(FIRST)).always().loseReply();

        IngestResult result = saga.ingest(original.path());

        List<ProxiedRequest> sent =
                saga.s3().requests().stream().filter(put(FIRST)).toList();
        assertThat(sent)
                .hasSize(3)
                .extracting(ProxiedRequest::upstreamStatus)
                .as("each attempt stored it")
                .containsOnly(200);
        assertNothingLeft(saga, result, Reason.MAX_RETRIES_EXCEEDED);
        original.assertUntouched();
    }

    @Test
    void fp_08_object_store_hangs_for_ever() throws Exception {
        start("saga.s3.timeout", "2s");
        Original original = Original.of(saga.file("one.bin", 1000));
        saga.s3().when(put(FIRST)).always().hang();

        IngestResult result = saga.ingest(original.path());

        assertThat(puts(FIRST)).isEqualTo(3);
        assertNothingLeft(saga, result, Reason.MAX_RETRIES_EXCEEDED);
        original.assertUntouched();
    }

    // FP-9

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "UPDATE chunk SET sha256 = '0000000000000000000000000000000000000000000000000000000000000000'"
                        + " WHERE idx = 0",
                "UPDATE chunk SET object_key = 'saga/elsewhere/chunk-000000' WHERE idx = 1",
                "UPDATE chunk SET object_key = object_key || '-wrong'",
                "UPDATE chunk SET size_bytes = size_bytes + 1 WHERE idx = 0",
                "UPDATE chunk SET byte_offset = 17 WHERE idx = 3",
                "UPDATE chunk SET row_check = 'damaged' WHERE idx = 4",
                "UPDATE chunk SET state = 'NONSENSE' WHERE idx = 0",
                "DELETE FROM chunk WHERE idx = 0",
                "DELETE FROM chunk WHERE idx = 4",
                "DELETE FROM chunk",
            })
    void fp_09_chunk_rows_damaged_while_uploading(String damage) throws Exception {
        start();
        Original original = Original.of(fiveChunks());
        FaultRule rule = saga.s3().when(put(MIDDLE)).beforeForward(() -> saga.execute("journal", damage));

        IngestResult result = saga.ingest(original.path());

        assertThat(rule.applied()).isOne();
        assertThat(saga.s3().count(put(FIRST).and(request -> request.status() == 200)))
                .as("there was something to remove")
                .isOne();
        assertNothingLeft(saga, result, Reason.METADATA_CORRUPT);
        original.assertUntouched();
    }

    @Test
    void fp_09_a_damaged_key_that_names_another_documents_chunk_does_not_delete_it() throws Exception {
        start();
        Original neighbour = Original.of(saga.file("neighbour.bin", 5000));
        IngestResult stored = saga.ingest(neighbour.path());
        String foreign = Aftermath.prefix(saga, stored) + "chunk-000000";
        saga.s3()
                .when(put(MIDDLE))
                .beforeForward(() -> saga.execute(
                        "journal",
                        "UPDATE chunk SET object_key = '" + foreign + "' WHERE saga_id <> '" + stored.sagaId() + "'"));

        IngestResult result = saga.ingest(fiveChunks());

        assertCompensated(saga, result, Reason.METADATA_CORRUPT);
        assertThat(saga.keys()).hasSize(2).allMatch(key -> key.contains(stored.sagaId()));
        assertStored(saga, stored, neighbour);
    }
}
