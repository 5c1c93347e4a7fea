package dev.streamingsaga.chunk;

import static dev.streamingsaga.chunk.ChunkFixture.CHUNK;
import static dev.streamingsaga.chunk.ChunkFixture.config;
import static dev.streamingsaga.chunk.ChunkFixture.file;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.sync.RequestBody;

class FetchTest {
    @TempDir
    Path dir;

    private ChunkFixture fixture;
    private RecordingRun run;

    @BeforeEach
    void upload() throws Exception {
        fixture = new ChunkFixture(dir.resolve("data"), config());
        run = fixture.run(file(dir, 2 * CHUNK + 3), "s1");
        fixture.upload(run);
        fixture.send("manifest", run, null);
    }

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    @Test
    void the_manifest_has_the_documented_fields() throws Exception {
        JsonNode manifest = new ObjectMapper()
                .readTree(fixture.stored(prefix() + "manifest.json").toFile());

        assertThat(manifest.get("fileName").asText()).isEqualTo(run.document().fileName());
        assertThat(manifest.get("sizeBytes").asLong()).isEqualTo(2L * CHUNK + 3);
        assertThat(manifest.get("sha256").asText()).isEqualTo(run.document().sha256());
        JsonNode last = manifest.get("chunks").get(2);
        assertThat(last.get("index").asInt()).isEqualTo(2);
        assertThat(last.get("offset").asLong()).isEqualTo(2L * CHUNK);
        assertThat(last.get("size").asLong()).isEqualTo(3);
        assertThat(last.get("sha256").asText()).isEqualTo(run.chunks().get(2).sha256());
        assertThat(last.get("codec").asText()).isEqualTo("none");
    }

    @Test
    void a_corrupt_chunk_leaves_the_target_unchanged() throws Exception {
        Path target = Files.writeString(dir.resolve("target"), "before");
        fixture.s3.putObject(
                p -> p.bucket(fixture.config.servers().s3().bucket())
                        .key(run.chunks().get(1).key()),
                RequestBody.fromBytes(new byte[CHUNK]));

        assertFails(target, Reason.CHUNK_CORRUPT);

        assertThat(target).hasContent("before");
        try (var left = Files.list(dir)) {
            assertThat(left.map(path -> path.getFileName().toString())).noneMatch(name -> name.startsWith(".fetch-"));
        }
    }

    /** A reader stops where the range ends, so what lies behind a chunk must be noticed before. */
    @Test
    void a_longer_object_in_the_place_of_a_chunk_is_noticed_before_the_range_is_complete() throws Exception {
        put(run.chunks().get(0).key(), new byte[4 * CHUNK]);
        put(run.chunks().get(2).key(), new byte[CHUNK]);

        assertEndsEarly(0, 2 * CHUNK + 3);
        assertEndsEarly(0, CHUNK);
        assertEndsEarly(CHUNK - 10, 20);
        assertEndsEarly(2L * CHUNK, 3);
        assertEndsEarly(2L * CHUNK - 7, 10);
        CountingStream out = new CountingStream();
        try (InputStream content = fixture.store().content(run.document(), run.chunks(), 0, 2 * CHUNK)) {
            assertThatThrownBy(() -> content.transferTo(out)).hasMessageContaining("is damaged");
        }
        assertThat(out.count).isLessThanOrEqualTo(CHUNK);
    }

    @Test
    void other_bytes_or_fewer_in_the_place_of_a_chunk_are_noticed_before_the_range_is_complete() throws Exception {
        put(run.chunks().get(0).key(), new byte[CHUNK]);
        put(run.chunks().get(1).key(), new byte[CHUNK - 1]);

        assertEndsEarly(0, CHUNK);
        assertEndsEarly(0, 1);
        assertEndsEarly(CHUNK - 1, 1);
        assertEndsEarly(CHUNK, CHUNK - 1);
        assertFails(dir.resolve("target"), Reason.CHUNK_CORRUPT);
        put(run.chunks().get(0).key(), new byte[CHUNK - 1]);
        assertFails(dir.resolve("target"), Reason.SIZE_MISMATCH);
    }

    private void assertEndsEarly(long from, int length) throws IOException {
        try (InputStream content = fixture.store().content(run.document(), run.chunks(), from, length)) {
            assertThatThrownBy(() -> content.readNBytes(length))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is damaged");
        }
    }

    @Test
    void no_more_than_a_chunk_is_read_from_a_longer_object() {
        put(run.chunks().get(0).key(), new byte[4 * CHUNK]);
        CountingStream out = new CountingStream();

        SagaException failure =
                catchThrowableOfType(SagaException.class, () -> fixture.store().fetch(prefix(), out));

        assertThat(failure.reason()).isEqualTo(Reason.SIZE_MISMATCH);
        assertThat(out.count).isLessThanOrEqualTo(CHUNK);
    }

    private static final class CountingStream extends OutputStream {
        private long count;

        @Override
        public void write(int b) {
            count++;
        }
    }

    private void put(String key, byte[] bytes) {
        fixture.s3.putObject(
                p -> p.bucket(fixture.config.servers().s3().bucket()).key(key), RequestBody.fromBytes(bytes));
    }

    @Test
    void a_missing_chunk_or_manifest_is_reported() {
        fixture.s3.deleteObject(d -> d.bucket(fixture.config.servers().s3().bucket())
                .key(run.chunks().get(2).key()));
        assertFails(dir.resolve("target"), Reason.CHUNK_MISSING);
        fixture.s3.deleteObject(
                d -> d.bucket(fixture.config.servers().s3().bucket()).key(prefix() + "manifest.json"));
        assertFails(dir.resolve("target"), Reason.CHUNK_MISSING);
    }

    @Test
    void a_manifest_of_another_document_is_refused_although_its_chunks_fit() throws Exception {
        Path target = Files.writeString(dir.resolve("target"), "before");
        String forged = Sha256.of("forged");
        String bucket = fixture.config.servers().s3().bucket();
        fixture.s3.putObject(p -> p.bucket(bucket).key(run.chunks().get(0).key()), RequestBody.fromString("forged"));
        fixture.s3.putObject(
                p -> p.bucket(bucket).key(prefix() + "manifest.json"), RequestBody.fromString("""
                        {"documentId":"%s","sagaId":"%s","fileName":"a","contentType":"text/plain","sizeBytes":6,
                         "sha256":"%s","chunks":[{"index":0,"offset":0,"size":6,"sha256":"%s","codec":"none"}]}""".formatted(
                                run.document().documentId(), run.document().sagaId(), forged, forged)));

        assertFails(target, Reason.METADATA_CORRUPT);

        assertThat(target).hasContent("before");
    }

    @Test
    void a_manifest_with_gaps_is_rejected() {
        fixture.s3.putObject(
                p -> p.bucket(fixture.config.servers().s3().bucket()).key(prefix() + "manifest.json"),
                RequestBody.fromString("{\"sha256\":\"x\",\"sizeBytes\":5,\"chunks\":[]}"));

        assertFails(dir.resolve("target"), Reason.METADATA_CORRUPT);
    }

    private void assertFails(Path target, Reason reason) {
        SagaException failure =
                catchThrowableOfType(SagaException.class, () -> fixture.store().fetch(run.document(), target));
        assertThat(failure).isNotNull();
        assertThat(failure.reason()).as(failure.getMessage()).isEqualTo(reason);
    }

    private String prefix() {
        return run.document().keyPrefix();
    }
}
