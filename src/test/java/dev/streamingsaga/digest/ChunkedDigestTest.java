package dev.streamingsaga.digest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("unit")
class ChunkedDigestTest {
    private static final int CHUNK = 10_000;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 1, 7 * CHUNK - 1})
    void pieces_of_any_size_have_the_hash_of_the_whole_and_of_every_chunk(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        List<String> chunks = new ArrayList<>();
        for (int from = 0; from < size; from += CHUNK) {
            chunks.add(Sha256.of(Arrays.copyOfRange(bytes, from, Math.min(size, from + CHUNK))));
        }
        Random random = new Random(1);
        byte[] reused = new byte[3 * CHUNK];

        try (ChunkedDigest digest = new ChunkedDigest(CHUNK)) {
            for (int at = 0; at < size; ) {
                int n = Math.min(size - at, 1 + random.nextInt(5 * CHUNK / 2));
                System.arraycopy(bytes, at, reused, 7, n);
                digest.update(reused, 7, n);
                Arrays.fill(reused, (byte) 0);
                at += n;
            }

            assertThat(digest.sizeBytes()).isEqualTo(size);
            assertThat(digest.end()).isEqualTo(new Digests(Sha256.of(bytes), size, chunks));
        }
    }
}
