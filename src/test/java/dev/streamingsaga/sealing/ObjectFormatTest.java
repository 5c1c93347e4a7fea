package dev.streamingsaga.sealing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.DocumentConfig.ChunkCompression;
import dev.streamingsaga.config.DocumentConfig.ChunkEncryption;
import dev.streamingsaga.config.DocumentConfig.StoredAs;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.encryption.DataKey;
import dev.streamingsaga.encryption.DocumentKeys;
import dev.streamingsaga.journal.StoredForm;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Objects that an earlier build wrote stay readable, and a reader in another language needs the documentation only. */
@Tag("unit")
class ObjectFormatTest {
    private static final Path RESOURCES = Path.of("src/test/resources/dev/streamingsaga/sealing");
    private static final HexFormat HEX = HexFormat.of();

    @TempDir
    Path dir;

    /** A key that needs no unwrapping. */
    private record OneKey(DataKey key) implements DocumentKeys {
        @Override
        public DataKey ofSaga(String sagaId, String documentId) {
            return key;
        }

        @Override
        public Optional<DataKey.Wrapped> wrapped(String sagaId) {
            return Optional.of(new DataKey.Wrapped("none", new byte[0]));
        }

        @Override
        public DataKey open(DataKey.Wrapped wrapped, String sagaId, String documentId) {
            return key;
        }

        @Override
        public void destroy(String sagaId) {
            throw new AssertionError("not asked for");
        }
    }

    private static DocumentSealing sealing(byte[] key, JsonNode vector) {
        StoredAs settings = new StoredAs(ChunkCompression.ZSTD, 3, ChunkEncryption.AES256_GCM, 0);
        return Sealing.open(settings, Optional.of(new OneKey(new DataKey(key))))
                .of(
                        vector.get("documentId").asText(),
                        vector.get("sagaId").asText(),
                        vector.get("count").asInt());
    }

    private static JsonNode vector(String name) throws IOException {
        return new ObjectMapper().readTree(RESOURCES.resolve(name + ".json").toFile());
    }

    @ParameterizedTest
    @ValueSource(strings = {"chunk-none-v1", "chunk-zstd-v1"})
    void a_known_object_is_read(String name) throws Exception {
        JsonNode vector = vector(name);
        DocumentSealing sealing = sealing(HEX.parseHex(vector.get("dataKey").asText()), vector);
        byte[] stored = Base64.getDecoder().decode(vector.get("object").asText());

        try (InputStream plain = sealing.open(
                sealing.chunk(
                        vector.get("index").asInt(), vector.get("plainBytes").asLong()),
                vector.get("codec").asText(),
                Sealing.ENCRYPTION,
                new ByteArrayInputStream(stored))) {
            assertThat(Sha256.of(plain)).isEqualTo(vector.get("plainSha256").asText());
        }
    }

    /** With {@code -Dvectors.write=true}: for a new version of the format, beside the old ones. */
    @Test
    void the_vectors_are_of_the_version_that_is_written() throws Exception {
        for (String codec : new String[] {StoredForm.NONE, "zstd"}) {
            Path file = RESOURCES.resolve("chunk-" + codec + "-v" + ObjectHeader.VERSION + ".json");
            if (Boolean.getBoolean("vectors.write")) {
                Files.writeString(file, newVector(codec));
            }
            assertThat(file).exists();
        }
    }

    private static String newVector(String codec) throws IOException {
        byte[] key = new byte[DataKey.BYTES];
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) i;
        }
        byte[] plain = "The lighthouse keeper counts the gulls.\n".repeat(220).getBytes(StandardCharsets.UTF_8);
        var vector = new ObjectMapper().createObjectNode();
        vector.put("dataKey", HEX.formatHex(key))
                .put("documentId", "document-ä")
                .put("sagaId", "saga-1");
        vector.put("index", 2).put("count", 3).put("plainBytes", plain.length).put("codec", codec);
        vector.put("plainSha256", Sha256.of(plain));
        DocumentSealing sealing = sealing(key, vector);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        sealing.seal(
                sealing.chunk(2, plain.length), !codec.equals(StoredForm.NONE), new ByteArrayInputStream(plain), out);
        vector.put("object", Base64.getEncoder().encodeToString(out.toByteArray()));
        return vector.toPrettyString() + "\n";
    }

    @Test
    void a_reader_of_fifty_lines_of_javascript_reads_a_chunk() throws Exception {
        JsonNode vector = vector("chunk-none-v1");
        byte[] key = HEX.parseHex(vector.get("dataKey").asText());
        Path known = Files.write(
                dir.resolve("known"),
                Base64.getDecoder().decode(vector.get("object").asText()));
        assertThat(Sha256.of(node(known, key, 0)))
                .isEqualTo(vector.get("plainSha256").asText());

        DocumentSealing sealing = sealing(key, vector);
        for (int size : new int[] {1, 8 * 1024, 100_000}) {
            byte[] plain = new byte[size];
            plain[size - 1] = 7;
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            sealing.seal(sealing.chunk(1, size), false, new ByteArrayInputStream(plain), out);
            Path fresh = Files.write(dir.resolve("fresh-" + size), out.toByteArray());

            assertThat(node(fresh, key, 0)).isEqualTo(plain);
        }
        byte[] changed = Files.readAllBytes(known);
        changed[changed.length - 100] ^= 1;
        node(Files.write(dir.resolve("changed"), changed), key, 1);
    }

    private byte[] node(Path object, byte[] key, int exit) throws Exception {
        Path out = dir.resolve("out");
        Path errors = dir.resolve("errors");
        Process process = new ProcessBuilder(
                        "node", RESOURCES.resolve("read-object.mjs").toString(), object.toString(), HEX.formatHex(key))
                .redirectOutput(out.toFile())
                .redirectError(errors.toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(errors)).isEqualTo(exit);
        return Files.readAllBytes(out);
    }
}
