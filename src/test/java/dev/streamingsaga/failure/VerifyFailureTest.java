package dev.streamingsaga.failure;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.BUCKET;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.testkit.FaultRule;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.sync.RequestBody;

/**
 * FP-17 to FP-21: the bucket holds other objects than were sent. The test damages them directly, as soon as the bucket
 * has answered the PUT of chunk 1 of 0 to 2; verification must detect it before any other store is written.
 */
@Tag("one-jdk")
@Timeout(120)
class VerifyFailureTest {
    private static final Map<String, String> READ_BACK = Map.of("saga.verify.read-back", "true");
    private static final int LAST_SIZE = 4_321;

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;
    private byte[] original;

    @AfterEach
    void stop() {
        saga.close();
    }

    @Test
    void fp_17_a_chunk_too_many_under_the_sagas_prefix() throws Exception {
        start(Map.of());
        assertRefused("CHUNK_COUNT_MISMATCH", () -> saga.put(prefix() + "chunk-000003", new byte[10]));
    }

    /** Chunk and journal agree on bytes that are not the file's: only the hash of the whole file reveals it. */
    @Test
    void fp_18_the_hash_of_the_whole_differs_although_each_chunk_matches_its_row_found_by_read_back() throws Exception {
        start(READ_BACK);
        assertRefused("HASH_MISMATCH", () -> {
            saga.put(key(1), otherBytes());
            journalAsIfSent(1, sha256(otherBytes()));
        });
    }

    @Test
    void fp_18_two_chunks_swapped_in_bucket_and_journal_found_by_read_back() throws Exception {
        start(Map.of("saga.verify.read-back", "true", "saga.chunk.parallelism", "1"));
        assertRefused("HASH_MISMATCH", () -> {
            saga.put(key(0), chunk(1));
            saga.put(key(1), chunk(0));
            journalAsIfSent(0, sha256(chunk(1)));
            journalAsIfSent(1, sha256(chunk(0)));
        });
    }

    @Test
    void fp_19_an_object_replaced_by_a_shorter_one() throws Exception {
        start(Map.of());
        assertRefused("SIZE_MISMATCH", () -> saga.put(key(1), new byte[CHUNK - 1]));
    }

    @Test
    void fp_20_a_chunk_vanishes_from_the_bucket() throws Exception {
        start(Map.of());
        assertRefused(
                "CHUNK_MISSING",
                () -> saga.bucket().deleteObject(r -> r.bucket(BUCKET).key(key(1))));
    }

    @Test
    void fp_20_the_last_chunk_vanishes_from_the_bucket() throws Exception {
        start(Map.of());
        saga.s3()
                .when(method("PUT").and(keyEndsWith("chunk-000002")))
                .afterReply(
                        () -> saga.bucket().deleteObject(r -> r.bucket(BUCKET).key(key(2))));
        assertRefused("CHUNK_MISSING", () -> {});
    }

    /** The bucket reports no checksum for such an object, so it is read. */
    @Test
    void fp_21_overwritten_through_s3_without_a_checksum_found_by_default() throws Exception {
        start(Map.of());
        assertRefused("CHUNK_CORRUPT", () -> saga.put(key(1), otherBytes()));
    }

    @Test
    void fp_21_overwritten_through_s3_with_a_valid_checksum_of_its_own_found_by_default() throws Exception {
        start(Map.of());
        String checksum = Base64.getEncoder().encodeToString(HexFormat.of().parseHex(sha256(otherBytes())));
        assertRefused(
                "CHUNK_CORRUPT",
                () -> saga.bucket()
                        .putObject(
                                r -> r.bucket(BUCKET).key(key(1)).checksumSHA256(checksum),
                                RequestBody.fromBytes(otherBytes())));
    }

    @Test
    void fp_21_overwritten_through_s3_found_by_read_back() throws Exception {
        start(READ_BACK);
        assertRefused("CHUNK_CORRUPT", () -> saga.put(key(1), otherBytes()));
    }

    /** The file's modification time gives it away: its checksum is no longer reported, so it is read. */
    @Test
    void fp_21_a_bit_flipped_in_the_servers_file_found_by_default() throws Exception {
        start(Map.of());
        assertRefused("CHUNK_CORRUPT", () -> flipBitInTheServersFile(false));
    }

    /** As a disk rots: size and modification time stay. Only reading finds it. */
    @Test
    void fp_21_a_bit_rotten_without_a_trace_found_by_read_back() throws Exception {
        start(READ_BACK);
        assertRefused("CHUNK_CORRUPT", () -> flipBitInTheServersFile(true));
    }

    private void start(Map<String, String> settings) throws IOException {
        saga = StreamingSagaFixture.start(directory, settings);
    }

    private void assertRefused(String reason, FaultRule.Hook damage) throws Exception {
        Path file = saga.file("scan.bin", 2L * CHUNK + LAST_SIZE);
        original = Files.readAllBytes(file);
        FaultRule rule =
                saga.s3().when(method("PUT").and(keyEndsWith("chunk-000001"))).afterReply(damage);

        IngestResult refused = saga.ingest(file);

        assertThat(rule.applied()).as("damage done").isOne();
        assertThat(refused.status()).as("%s", refused).isEqualTo("COMPENSATED");
        assertThat(refused.reason()).as("%s", refused.message()).isEqualTo(reason);
        assertThat(refused.chunkCount()).isEqualTo(3);
        saga.assertNothingAnywhere();
        assertThat(Files.readAllBytes(file)).as("the original").isEqualTo(original);
        assertThat(refused.steps())
                .as("steps behind the gate")
                .extracting(step -> step.name() + " " + step.state())
                .contains(
                        "upload COMPENSATED",
                        "verify COMPENSATED",
                        "security PENDING",
                        "vector PENDING",
                        "graph PENDING",
                        "relational PENDING",
                        "finalize PENDING");
        assertThat(saga.journal().cleanups().all()).isEmpty();
        assertCompletes(file);
    }

    /** The same file, the bucket left alone. */
    private void assertCompletes(Path file) {
        IngestResult good = saga.ingest(file);

        assertThat(good.status()).as("%s", good).isEqualTo("COMPLETED");
        assertThat(saga.keys()).hasSize(4).allMatch(key -> key.contains(good.sagaId()));
        assertThat(saga.rows("security", "security_document")).isOne();
        assertThat(saga.rows("relational", "relational_document")).isOne();
    }

    private String prefix() {
        return saga.journal().sagas().newest(1).get(0).document().orElseThrow().keyPrefix();
    }

    private String key(int index) {
        return prefix() + "chunk-00000" + index;
    }

    private byte[] chunk(int index) {
        byte[] chunk = new byte[CHUNK];
        System.arraycopy(original, index * CHUNK, chunk, 0, CHUNK);
        return chunk;
    }

    private static byte[] otherBytes() {
        return new byte[CHUNK];
    }

    /** A whole row, with the checksum that covers what identifies the chunk. */
    private void journalAsIfSent(int index, String sha256) throws Exception {
        String sagaId = saga.journal().sagas().newest(1).get(0).sagaId();
        String row = String.join(
                "|",
                sagaId,
                String.valueOf(index),
                String.valueOf((long) index * CHUNK),
                String.valueOf(CHUNK),
                key(index),
                sha256);
        String check = sha256(row.getBytes(StandardCharsets.UTF_8)).substring(0, 16);
        saga.execute(
                "journal",
                "UPDATE chunk SET sha256 = '%s', row_check = '%s' WHERE saga_id = '%s' AND idx = %d"
                        .formatted(sha256, check, sagaId, index));
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private void flipBitInTheServersFile(boolean keepTime) throws IOException {
        Path object = saga.object(key(1));
        FileTime before = Files.getLastModifiedTime(object);
        try (RandomAccessFile bytes = new RandomAccessFile(object.toFile(), "rw")) {
            bytes.seek(CHUNK / 2);
            int old = bytes.read();
            bytes.seek(CHUNK / 2);
            bytes.write(old ^ 1);
        }
        if (keepTime) {
            Files.setLastModifiedTime(object, before);
        }
    }
}
