package dev.streamingsaga.sealing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.streamingsaga.config.DocumentConfig.ChunkCompression;
import dev.streamingsaga.config.DocumentConfig.ChunkEncryption;
import dev.streamingsaga.config.DocumentConfig.StoredAs;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.encryption.KeysInMemory;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.StoredForm;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("unit")
class DocumentSealingTest {
    private static final byte[] TEXT =
            "All this happened, more or less. ".repeat(5_000).getBytes(StandardCharsets.UTF_8);

    private final KeysInMemory keys = new KeysInMemory();
    private final DocumentSealing encrypted =
            sealing(ChunkCompression.ZSTD, ChunkEncryption.AES256_GCM).of("d", "s", 4);

    private Sealing sealing(ChunkCompression compression, ChunkEncryption encryption) {
        return Sealing.open(new StoredAs(compression, 3, encryption, 0), Optional.of(keys));
    }

    private record Stored(StoredForm form, byte[] bytes) {}

    private static Stored seal(DocumentSealing sealing, int index, boolean compress, byte[] plain) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        StoredForm form =
                sealing.seal(sealing.chunk(index, plain.length), compress, new ByteArrayInputStream(plain), out);
        return new Stored(form, out.toByteArray());
    }

    private static byte[] open(DocumentSealing sealing, int index, int size, StoredForm form, byte[] stored)
            throws IOException {
        try (InputStream plain = sealing.open(
                sealing.chunk(index, size), form.codec(), form.encryption(), new ByteArrayInputStream(stored))) {
            return plain.readAllBytes();
        }
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    @ParameterizedTest
    @CsvSource({
        "1,false,NONE", "1,true,NONE", "1,false,AES256_GCM", "1,true,AES256_GCM",
        "8135,false,AES256_GCM", "8136,false,AES256_GCM", "8137,false,AES256_GCM", "8192,true,AES256_GCM",
        "16312,false,AES256_GCM", "16313,false,AES256_GCM", "1000000,true,NONE", "1000000,true,AES256_GCM"
    })
    void comes_back_as_it_was(int size, boolean compress, ChunkEncryption encryption) throws IOException {
        DocumentSealing sealing = sealing(ChunkCompression.ZSTD, encryption).of("d", "s", 1);
        byte[] plain = random(size);

        Stored stored = seal(sealing, 0, compress, plain);

        assertThat(open(sealing, 0, size, stored.form(), stored.bytes())).isEqualTo(plain);
        assertThat(stored.form().sizeBytes()).isEqualTo(stored.bytes().length);
        assertThat(stored.form().sha256()).isEqualTo(Sha256.of(stored.bytes()));
        assertThat(stored.form().isCompressed()).isEqualTo(compress);
        assertThat(stored.form().isEncrypted()).isEqualTo(encryption != ChunkEncryption.NONE);
    }

    @Test
    void compresses_what_shrinks_and_gives_nothing_of_it_away() throws IOException {
        Sealing settings = sealing(ChunkCompression.ZSTD, ChunkEncryption.AES256_GCM);
        Stored stored = seal(encrypted, 0, true, TEXT);

        assertThat(settings.shrinks(TEXT)).isTrue();
        assertThat(settings.shrinks(random(96 * 1024))).isFalse();
        assertThat(stored.bytes().length).isLessThan(TEXT.length / 20);
        assertThat(new String(stored.bytes(), StandardCharsets.ISO_8859_1)).doesNotContain("happened");
    }

    @Test
    void never_stores_the_same_bytes_twice() throws IOException {
        assertThat(seal(encrypted, 0, false, TEXT).bytes())
                .isNotEqualTo(seal(encrypted, 0, false, TEXT).bytes());
    }

    @Test
    void a_compressed_chunk_is_a_frame_that_zstd_reads() throws IOException {
        Stored stored =
                seal(sealing(ChunkCompression.ZSTD, ChunkEncryption.NONE).of("d", "s", 1), 0, true, TEXT);

        assertThat(Zstd.decompress(stored.bytes(), TEXT.length)).isEqualTo(TEXT);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void every_changed_bit_is_found(boolean compress) throws IOException {
        Stored stored = seal(encrypted, 1, compress, Arrays.copyOf(TEXT, 20_000));

        for (int at = 0; at < stored.bytes().length; at += at < 150 ? 1 : 97) {
            byte[] changed = stored.bytes().clone();
            changed[at] ^= (byte) (1 << at % 8);
            assertThatThrownBy(() -> open(encrypted, 1, 20_000, stored.form(), changed))
                    .as("byte " + at)
                    .isInstanceOf(DamagedObjectException.class);
        }
    }

    @Test
    void every_cut_is_found_and_so_is_an_addition() throws IOException {
        Stored stored = seal(encrypted, 1, false, Arrays.copyOf(TEXT, 20_000));

        for (int size = 0; size < stored.bytes().length; size += size < 150 ? 1 : 97) {
            byte[] cut = Arrays.copyOf(stored.bytes(), size);
            assertThatThrownBy(() -> open(encrypted, 1, 20_000, stored.form(), cut))
                    .as("cut at " + size)
                    .isInstanceOf(DamagedObjectException.class);
        }
        byte[] longer = Arrays.copyOf(stored.bytes(), stored.bytes().length + 1);
        assertThatThrownBy(() -> open(encrypted, 1, 20_000, stored.form(), longer))
                .isInstanceOf(DamagedObjectException.class)
                .hasMessageContaining("was changed or cut");
    }

    @Test
    void an_object_in_a_wrong_place_is_named() throws IOException {
        Stored stored = seal(encrypted, 1, false, TEXT);

        assertRefused(encrypted, 2, TEXT.length, stored, "holds chunk 1 instead of chunk 2");
        assertRefused(encrypted, 1, TEXT.length - 1, stored, "bytes before encryption");
        assertRefused(of("d", "older", 4), 1, TEXT.length, stored, "belongs to saga s of document d");
        assertRefused(of("other", "s", 4), 1, TEXT.length, stored, "belongs to saga s of document d");
        assertRefused(of("d", "s", 5), 1, TEXT.length, stored, "4 chunks instead of 5");
        Stored tail = tail();
        assertRefused(encrypted, 1, TEXT.length, tail, "is a TAIL instead of a CHUNK");
    }

    private Stored tail() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        StoredForm form = encrypted.seal(encrypted.tail(1, TEXT.length), false, new ByteArrayInputStream(TEXT), out);
        return new Stored(form, out.toByteArray());
    }

    private DocumentSealing of(String documentId, String sagaId, int count) {
        return sealing(ChunkCompression.NONE, ChunkEncryption.AES256_GCM).of(documentId, sagaId, count);
    }

    private static void assertRefused(DocumentSealing sealing, int index, int size, Stored stored, String message) {
        assertThatThrownBy(() -> open(sealing, index, size, stored.form(), stored.bytes()))
                .isInstanceOf(DamagedObjectException.class)
                .hasMessageContaining(message);
    }

    @Test
    void a_header_that_says_something_else_does_not_authenticate() throws IOException {
        Stored stored = seal(encrypted, 1, false, TEXT);
        byte[] renumbered = stored.bytes().clone();
        renumbered[11] = 2;

        assertRefused(encrypted, 2, TEXT.length, new Stored(stored.form(), renumbered), "was changed or cut");
    }

    @Test
    void a_chunk_of_a_body_that_was_still_arriving_has_no_count() throws IOException {
        Stored stored = seal(of("d", "s", 0), 1, false, TEXT);

        assertThat(open(encrypted, 1, TEXT.length, stored.form(), stored.bytes()))
                .isEqualTo(TEXT);
    }

    @Test
    void another_key_and_a_lost_key_are_named() throws IOException {
        Stored stored = seal(encrypted, 0, false, TEXT);

        keys.replace("s");
        assertRefused(of("d", "s", 4), 0, TEXT.length, stored, "another data key");
        keys.destroy("s");
        assertThatThrownBy(() -> open(of("d", "s", 4), 0, TEXT.length, stored.form(), stored.bytes()))
                .isInstanceOf(SagaException.class)
                .hasMessageContaining("no data key of saga s");
        DocumentSealing without = Sealing.none().of("d", "s", 4);
        assertThatThrownBy(() -> open(without, 0, TEXT.length, stored.form(), stored.bytes()))
                .isInstanceOf(SagaException.class)
                .hasMessageContaining("saga.encryption.provider");
    }

    @Test
    void a_bomb_ends_at_the_size_of_the_chunk() throws IOException {
        byte[] bomb = Zstd.compress(new byte[64 * 1024 * 1024]);
        DocumentSealing plain = Sealing.none().of("d", "s", 1);
        StoredForm form = new StoredForm("zstd", StoredForm.NONE, bomb.length, Sha256.of(bomb));

        try (InputStream opened =
                plain.open(plain.chunk(0, 1_000), form.codec(), form.encryption(), new ByteArrayInputStream(bomb))) {
            assertThatThrownBy(opened::readAllBytes)
                    .isInstanceOf(DamagedObjectException.class)
                    .hasMessageContaining("more than its 1000 bytes");
        }
    }

    @Test
    void what_is_not_a_frame_and_what_has_an_unknown_form_are_named() {
        DocumentSealing plain = Sealing.none().of("d", "s", 1);

        assertRefused(plain, 0, 9, new Stored(new StoredForm("zstd", "none", 9, ""), random(9)), "decompressed");
        assertRefused(plain, 0, 9, new Stored(new StoredForm("lz4", "none", 9, ""), random(9)), "unknown codec lz4");
        assertRefused(plain, 0, 9, new Stored(new StoredForm("none", "rot13", 9, ""), random(9)), "rot13");
        assertRefused(
                encrypted,
                0,
                9,
                new Stored(new StoredForm("none", Sealing.ENCRYPTION, 9, ""), random(9)),
                "not encrypted");
    }

    @Test
    void a_broken_connection_is_not_taken_for_damage() throws IOException {
        Stored stored = seal(encrypted, 0, true, random(100_000));
        InputStream breaking = new FilterInputStream(new ByteArrayInputStream(stored.bytes())) {
            private int left = 50_000;

            @Override
            public int read(byte[] target, int from, int length) throws IOException {
                left -= length;
                if (left < 0) {
                    throw new IOException("connection reset");
                }
                return super.read(target, from, length);
            }
        };

        try (InputStream plain = encrypted.open(
                encrypted.chunk(0, 100_000),
                stored.form().codec(),
                stored.form().encryption(),
                breaking)) {
            assertThatThrownBy(plain::readAllBytes)
                    .isInstanceOf(IOException.class)
                    .hasMessage("connection reset");
        }
    }

    @Test
    void a_manifest_opens_only_as_that_of_its_saga() {
        byte[] json = "{\"fileName\":\"secret.txt\"}".getBytes(StandardCharsets.UTF_8);
        byte[] sealed = encrypted.sealManifest(json);

        assertThat(encrypted.openManifest(sealed)).isEqualTo(json);
        assertThatThrownBy(() -> of("d", "older", 4).openManifest(sealed)).isInstanceOf(DamagedObjectException.class);
    }
}
