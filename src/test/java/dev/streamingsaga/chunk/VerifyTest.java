package dev.streamingsaga.chunk;

import static dev.streamingsaga.chunk.ChunkFixture.CHUNK;
import static dev.streamingsaga.chunk.ChunkFixture.config;
import static dev.streamingsaga.chunk.ChunkFixture.file;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.sync.RequestBody;

class VerifyTest {
    @TempDir
    Path dir;

    private ChunkFixture fixture;
    private RecordingRun run;

    @BeforeEach
    void upload() throws Exception {
        fixture = new ChunkFixture(dir.resolve("data"), config());
        run = fixture.run(file(dir, 3 * CHUNK - 7), "s1");
        fixture.upload(run);
    }

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    @Test
    void FP_20_a_chunk_that_vanished_from_the_bucket_is_missing() {
        fixture.s3.deleteObject(d -> d.bucket(bucket()).key(key(1)));

        assertFails(Reason.CHUNK_MISSING);
    }

    @Test
    void FP_17_a_chunk_that_the_journal_does_not_know_is_rejected() {
        put(ChunkKeys.chunk(run.document().keyPrefix(), 3), new byte[10]);

        assertFails(Reason.CHUNK_COUNT_MISMATCH);
    }

    @Test
    void FP_17_a_journal_with_fewer_chunks_than_planned_is_rejected() {
        run.rows(run.chunks().subList(0, 2));

        assertFails(Reason.CHUNK_COUNT_MISMATCH);
    }

    @Test
    void FP_13_a_gap_a_duplicate_or_another_order_is_rejected() {
        List<ChunkRow> rows = run.chunks();
        List<ChunkRow> swapped = new ArrayList<>(rows);
        Collections.swap(swapped, 0, 1);

        for (List<ChunkRow> wrong :
                List.of(swapped, List.of(rows.get(0), rows.get(2)), List.of(rows.get(0), rows.get(0), rows.get(1)))) {
            run.rows(wrong);
            assertFails(Reason.CHUNK_ORDER_MISMATCH);
        }
    }

    @Test
    void FP_19_a_stored_chunk_of_another_size_is_rejected() {
        put(key(2), new byte[10]);

        assertFails(Reason.SIZE_MISMATCH);
    }

    @Test
    void FP_21_a_chunk_overwritten_through_S3_with_the_same_size_is_corrupt() {
        put(key(1), new byte[CHUNK]);

        assertFails(Reason.CHUNK_CORRUPT);
    }

    @Test
    void FP_21_a_chunk_changed_on_the_disk_of_the_server_is_corrupt() throws Exception {
        Path stored = fixture.stored(key(1));
        damage(stored);
        Files.setLastModifiedTime(
                stored, FileTime.fromMillis(Files.getLastModifiedTime(stored).toMillis() + 1000));

        assertFails(Reason.CHUNK_CORRUPT);
    }

    @Test
    void FP_21_a_chunk_replaced_on_the_disk_of_the_server_is_corrupt() throws Exception {
        Path other = Files.write(dir.resolve("other"), new byte[CHUNK]);
        Files.move(other, fixture.stored(key(1)), StandardCopyOption.REPLACE_EXISTING);

        assertFails(Reason.CHUNK_CORRUPT);
    }

    @Test
    void FP_21_silent_corruption_is_detected_by_reading_back() throws Exception {
        Path stored = fixture.stored(key(1));
        FileTime before = Files.getLastModifiedTime(stored);
        damage(stored);
        Files.setLastModifiedTime(stored, before);
        fixture.close();
        fixture = new ChunkFixture(dir.resolve("data"), config("saga.verify.read-back", "true"));

        assertFails(Reason.CHUNK_CORRUPT);
    }

    @Test
    void FP_18_chunks_with_another_hash_of_the_whole_are_rejected_when_read_back() throws Exception {
        fixture.close();
        fixture = new ChunkFixture(dir.resolve("data"), config("saga.verify.read-back", "true"));
        Document d = run.document();
        RecordingRun other = new RecordingRun(new Document(
                d.documentId(),
                d.sagaId(),
                d.path(),
                d.fileName(),
                d.contentType(),
                d.sizeBytes(),
                "0".repeat(64),
                d.chunkCount(),
                d.chunkSizeBytes(),
                d.bucket(),
                d.keyPrefix(),
                d.owner(),
                d.classification(),
                d.keyId(),
                d.receivedAt(),
                d.identity()));
        other.rows(run.chunks());
        run = other;

        assertFails(Reason.HASH_MISMATCH);
    }

    @Test
    void reading_back_accepts_intact_chunks() throws Exception {
        fixture.close();
        fixture = new ChunkFixture(dir.resolve("data"), config("saga.verify.read-back", "true"));

        fixture.verify(run);

        assertThat(run.verified).isTrue();
    }

    @Test
    void FP_3_a_source_modified_after_its_last_chunk_is_rejected() throws Exception {
        Path file = run.document().path();
        Files.setLastModifiedTime(
                file, FileTime.fromMillis(Files.getLastModifiedTime(file).toMillis() + 1000));

        assertThat(assertFails(Reason.HASH_MISMATCH))
                .hasMessageContaining("file was modified during upload, please retry");
    }

    @Test
    void FP_2_a_source_deleted_after_its_last_chunk_is_rejected() throws Exception {
        Files.delete(run.document().path());

        assertFails(Reason.FILE_NOT_FOUND);
    }

    private SagaException assertFails(Reason reason) {
        SagaException failure = catchThrowableOfType(SagaException.class, () -> fixture.verify(run));
        assertThat(failure).as("verify must fail with " + reason).isNotNull();
        assertThat(failure.reason()).as(failure.getMessage()).isEqualTo(reason);
        assertThat(run.verified).isFalse();
        return failure;
    }

    private static void damage(Path stored) throws Exception {
        try (RandomAccessFile bytes = new RandomAccessFile(stored.toFile(), "rw")) {
            bytes.seek(1000);
            int was = bytes.read();
            bytes.seek(1000);
            bytes.write(was ^ 1);
        }
    }

    private void put(String key, byte[] bytes) {
        fixture.s3.putObject(
                p -> p.bucket(bucket())
                        .key(key)
                        .metadata(java.util.Map.of(ChecksumInterceptor.METADATA, Sha256.of(bytes))),
                RequestBody.fromBytes(bytes));
    }

    private String bucket() {
        return fixture.config.servers().s3().bucket();
    }

    private String key(int index) {
        return run.chunks().get(index).key();
    }
}
