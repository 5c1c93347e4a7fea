package dev.streamingsaga.chunk;

import static dev.streamingsaga.chunk.ChunkFixture.CHUNK;
import static dev.streamingsaga.chunk.ChunkFixture.config;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.embedded.FaultyS3;
import dev.streamingsaga.encryption.DataKey;
import dev.streamingsaga.encryption.KeysInMemory;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.StoredForm;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.core.sync.RequestBody;

/** Compressed and encrypted chunks in a real bucket. */
class SealedChunksTest {
    @TempDir
    Path dir;

    private final KeysInMemory keys = new KeysInMemory();
    private ChunkFixture fixture;

    private void start(String compression, String encryption, String... settings) throws Exception {
        Path data = dir.resolve("data");
        List<String> all = new ArrayList<>(List.of(settings));
        all.addAll(List.of("saga.data.dir", data.toString()));
        all.addAll(List.of("saga.encryption.provider", "key-file", "saga.encryption.key-file", "unused"));
        all.addAll(List.of("saga.chunk.compression", compression, "saga.chunk.encryption", encryption));
        fixture = new ChunkFixture(data, config(all.toArray(String[]::new)), Optional.of(keys));
    }

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    /** The first chunk is text, the second random, so that one file has both codecs. */
    private Path file(int size) throws IOException {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        byte[] text = "Call me Ishmael. ".getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < Math.min(size, CHUNK); i++) {
            bytes[i] = text[i % text.length];
        }
        return Files.write(dir.resolve("source-" + size), bytes);
    }

    private RecordingRun complete(Path file, String sagaId) {
        RecordingRun run = fixture.run(file, sagaId);
        fixture.upload(run);
        fixture.verify(run);
        fixture.send("manifest", run, null);
        return run;
    }

    private byte[] content(RecordingRun run, long from, int length) throws IOException {
        try (InputStream content = fixture.store().content(run.document(), run.chunks(), from, length)) {
            return content.readAllBytes();
        }
    }

    private byte[] stored(ChunkRow row) throws IOException {
        return Files.readAllBytes(fixture.stored(row.key()));
    }

    private void put(String key, byte[] bytes) {
        fixture.s3.putObject(
                p -> p.bucket(fixture.config.servers().s3().bucket()).key(key), RequestBody.fromBytes(bytes));
    }

    /** Sizes: 1 byte, one chunk, and two chunks less and more a byte. */
    static Stream<Arguments> forms() {
        return Stream.of("none,none", "none,aes256-gcm", "zstd,none", "zstd,aes256-gcm")
                .map(form -> form.split(","))
                .flatMap(form -> IntStream.of(1, CHUNK, 2 * CHUNK - 1, 2 * CHUNK + 1)
                        .mapToObj(size -> Arguments.of(form[0], form[1], size)));
    }

    @ParameterizedTest
    @MethodSource("forms")
    void a_document_comes_back_from_journal_and_from_manifest(String compression, String encryption, int size)
            throws Exception {
        start(
                compression,
                encryption,
                "saga.verify.read-back",
                size % 2 == 0 ? "false" : "true",
                "saga.chunk.memory",
                size % 3 == 0 ? "0B" : "4MiB");
        Path file = file(size);

        RecordingRun run = complete(file, "s1");

        ByteArrayOutputStream fetched = new ByteArrayOutputStream();
        fixture.store().fetch(run.document().keyPrefix(), fetched);
        byte[] original = Files.readAllBytes(file);
        assertThat(fetched.toByteArray()).isEqualTo(original);
        assertThat(content(run, 0, size)).isEqualTo(original);
        int from = size / 3;
        int to = size - size / 7;
        assertThat(content(run, from, to - from)).isEqualTo(Arrays.copyOfRange(original, from, to));
        for (ChunkRow row : run.chunks()) {
            byte[] stored = stored(row);
            assertThat(row.storedSizeBytes()).isEqualTo(stored.length);
            assertThat(row.storedSha256()).isEqualTo(Sha256.of(stored));
        }
        boolean zstd = compression.equals("zstd") && size > 1;
        assertThat(run.chunks().get(0).codec()).isEqualTo(zstd ? "zstd" : "none");
        if (run.chunks().size() > 1) {
            assertThat(run.chunks().get(1).codec()).isEqualTo("none");
        }
        assertThat(audit(run, false)).isEmpty();
        assertThat(audit(run, true)).isEmpty();
        assertThat(spool()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("forms")
    void a_resumed_upload_comes_back(String compression, String encryption, int size) throws Exception {
        start(compression, encryption, "saga.chunk.parallelism", "1");
        Path file = file(size);
        RecordingRun run = fixture.run(file, "s1");
        fixture.upload(run);
        int last = run.chunks().size() - 1;
        // The process was killed after it journaled the sending of the last chunk, before the chunk arrived.
        fixture.s3.deleteObject(d -> d.bucket(fixture.config.servers().s3().bucket())
                .key(run.chunks().get(last).key()));
        run.sendings.clear();

        fixture.upload(run);
        fixture.verify(run);
        fixture.send("manifest", run, null);

        assertThat(run.attemptsOf(last)).as("sent again").hasSize(1);
        for (int i = 0; i < last; i++) {
            assertThat(run.attemptsOf(i)).as("chunk %d was there", i).isEmpty();
        }
        ByteArrayOutputStream fetched = new ByteArrayOutputStream();
        fixture.store().fetch(run.document().keyPrefix(), fetched);
        byte[] original = Files.readAllBytes(file);
        assertThat(fetched.toByteArray()).isEqualTo(original);
        assertThat(content(run, size / 2, size - size / 2)).isEqualTo(Arrays.copyOfRange(original, size / 2, size));
    }

    private List<ChunkAudit.Difference> audit(RecordingRun run, boolean deep) {
        return new ChunkAudit(fixture.config, fixture.s3, fixture.sealing).compare(run.document(), run.chunks(), deep);
    }

    private List<Path> spool() throws IOException {
        Path folder = fixture.dataDir.resolve("spool").resolve("tmp");
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    @Test
    void an_encrypted_manifest_hides_names_and_can_be_wrapped_again() throws Exception {
        start("none", "aes256-gcm");
        RecordingRun run = complete(file(7), "s1");
        Path manifest = fixture.stored(run.document().keyPrefix() + "manifest.json");

        assertThat(manifest)
                .content()
                .contains("\"sagaId\":\"s1\"", "\"wrappedKey\"", "test-key")
                .doesNotContain(run.document().fileName(), run.document().sha256());

        DataKey.Wrapped before = keys.wrapped("s1").orElseThrow();
        keys.replace("s1");
        DataKey.Wrapped other = keys.wrapped("s1").orElseThrow();
        assertThat(fixture.store().rewrapManifest(run.document().keyPrefix(), other))
                .isTrue();
        assertThatThrownBy(() -> fixture.store().manifest(run.document().keyPrefix()))
                .as("another data key")
                .isInstanceOf(SagaException.class)
                .hasMessageContaining("another data key");
        fixture.store().rewrapManifest(run.document().keyPrefix(), before);
        assertThat(fixture.store().manifest(run.document().keyPrefix()).fileName())
                .isEqualTo(run.document().fileName());
    }

    @Test
    void all_objects_of_an_older_version_in_the_place_of_the_current_ones_are_refused() throws Exception {
        start("none", "aes256-gcm");
        RecordingRun older = complete(file(7), "older");
        RecordingRun run = complete(file(8), "s1");
        for (String key : fixture.keys(older)) {
            String name = key.substring(key.lastIndexOf('/') + 1);
            put(run.document().keyPrefix() + name, Files.readAllBytes(fixture.stored(key)));
        }

        assertThatThrownBy(() -> fixture.store().fetch(run.document().keyPrefix(), new ByteArrayOutputStream()))
                .isInstanceOf(SagaException.class)
                .hasMessageContaining("belongs to saga older of document doc-older");
    }

    @Test
    void the_manifest_of_a_plain_document_is_as_it_always_was() throws Exception {
        start("none", "none");
        RecordingRun run = complete(file(7), "s1");

        assertThat(fixture.stored(run.document().keyPrefix() + "manifest.json"))
                .content()
                .contains("\"codec\":\"none\"")
                .doesNotContain("storedSize", "encryption");
        assertThat(fixture.store().rewrapManifest(run.document().keyPrefix(), new DataKey.Wrapped("k", new byte[] {1})))
                .isFalse();
    }

    @Test
    void attempts_of_a_run_send_the_same_bytes_and_a_later_run_sends_new_ones() throws Exception {
        start("none", "aes256-gcm", "saga.chunk.parallelism", "1");
        Path file = file(2 * CHUNK);
        fixture.faults.onPut((key, n) -> {
            if (n == 1) {
                throw FaultyS3.answer(503, "SlowDown");
            }
        });
        RecordingRun run = fixture.run(file, "s1");
        fixture.upload(run);
        assertThat(run.attemptsOf(0)).containsExactly(1, 2);
        List<Optional<StoredForm>> forms =
                run.chunks().stream().map(ChunkRow::storedForm).toList();

        // Chunk 1 was stored before the process was killed, chunk 0 never arrived.
        run.sendings.clear();
        fixture.s3.deleteObject(d -> d.bucket(fixture.config.servers().s3().bucket())
                .key(run.chunks().get(0).key()));
        fixture.upload(run);

        assertThat(run.attemptsOf(0)).as("sent again").hasSize(1);
        assertThat(run.attemptsOf(1)).as("confirmed by its journaled hash").isEmpty();
        assertThat(run.chunks().get(0).storedForm()).isNotEqualTo(forms.get(0));
        assertThat(run.chunks().get(1).storedForm()).isEqualTo(forms.get(1));
        fixture.verify(run);
    }

    @ParameterizedTest
    @CsvSource({
        "flipped, was changed or cut",
        "cut, bytes instead of",
        "swapped, holds chunk 2 instead of chunk 1",
        "repeated, holds chunk 0 instead of chunk 1",
        "older, belongs to saga older of document doc-older",
        "plain, is not encrypted"
    })
    void a_changed_bucket_is_found_by_name(String change, String message) throws Exception {
        start("none", "aes256-gcm");
        Path file = file(3 * CHUNK);
        RecordingRun run = complete(file, "s1");
        byte[] one = stored(run.chunks().get(1));
        put(
                run.chunks().get(1).key(),
                switch (change) {
                    case "flipped" -> {
                        one[one.length / 2] ^= 1;
                        yield one;
                    }
                    case "cut" -> Arrays.copyOf(one, one.length - 1);
                    case "swapped" -> stored(run.chunks().get(2));
                    case "repeated" -> stored(run.chunks().get(0));
                    case "older" -> stored(complete(file, "older").chunks().get(1));
                    default -> new byte[one.length];
                });

        SagaException fetch = catchThrowableOfType(
                SagaException.class,
                () -> fixture.store().fetch(run.document().keyPrefix(), new ByteArrayOutputStream()));
        assertThat(fetch.reason()).isEqualTo(Reason.CHUNK_CORRUPT);
        assertThat(fetch).hasMessageContaining(run.chunks().get(1).key()).hasMessageContaining(message);
        assertThatThrownBy(() -> content(run, CHUNK + 5, 10))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message);
        assertThat(audit(run, false)).hasSize(1);
        assertThat(audit(run, true))
                .singleElement()
                .satisfies(found -> assertThat(found.found()).containsAnyOf(message, "bytes"));
        SagaException gate = catchThrowableOfType(SagaException.class, () -> fixture.verify(run));
        assertThat(gate.reason()).isIn(Reason.CHUNK_CORRUPT, Reason.SIZE_MISMATCH);
    }

    @Test
    void a_source_that_changes_is_not_sealed() throws Exception {
        start("none", "aes256-gcm");
        Path file = file(CHUNK);
        RecordingRun run = fixture.run(file, "s1");
        List<ChunkRow> other = new ArrayList<>();
        fixture.upload(run);
        run.chunks()
                .forEach(row -> other.add(new ChunkRow(
                        row.index(),
                        row.offset(),
                        row.sizeBytes(),
                        row.key(),
                        Sha256.of("something else"),
                        ChunkRow.ChunkState.SENDING,
                        1)));
        run.rows(other);

        ChunkSealer sealer = ChunkSealer.of(fixture.config, fixture.sealing);
        assertThatThrownBy(() -> sealer.chunk(run.document(), other.get(0), new FileRegion(file, 0, CHUNK)))
                .isInstanceOf(SagaException.class)
                .hasMessageContaining("file was modified during upload");
        assertThat(spool()).isEmpty();
    }

    @Test
    void stores_read_a_document_from_its_sealed_chunks() throws Exception {
        start("zstd", "aes256-gcm");
        Path file = file(2 * CHUNK + 3);
        RecordingRun run = complete(file, "s1");
        byte[] original = Files.readAllBytes(file);
        Files.delete(file);

        ByteBuffer read = ByteBuffer.allocate(original.length);
        try (SeekableByteChannel channel = new VerifiedSources(fixture.config, fixture.s3, fixture.sealing)
                .of(run)
                .open()) {
            while (read.hasRemaining()) {
                assertThat(channel.read(read)).isPositive();
            }
        }
        assertThat(read.array()).isEqualTo(original);
    }
}
