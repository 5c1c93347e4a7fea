package dev.streamingsaga.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SealedChunkTest {
    private static final int BLOCK = StoredFormMemory.BLOCK_BYTES;

    @TempDir
    Path folder;

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    /** Writes in pieces that end at no block. */
    private static void write(SealedChunk chunk, byte[] bytes) throws IOException {
        try (OutputStream out = chunk.out()) {
            out.write(bytes[0]);
            for (int at = 1; at < bytes.length; at += 40_001) {
                out.write(bytes, at, Math.min(40_001, bytes.length - at));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,0", "65535,1", "65536,1", "65537,1", "65537,2", "200000,0", "200000,2", "200000,4", "196608,3"})
    void each_attempt_reads_the_same_bytes_from_memory_and_file(int size, int blocks) throws IOException {
        byte[] bytes = random(size);
        StoredFormMemory memory = new StoredFormMemory((long) blocks * BLOCK);
        try (SealedChunk chunk = new SealedChunk(memory, folder)) {
            write(chunk, bytes);

            for (int attempt = 0; attempt < 2; attempt++) {
                try (InputStream in = chunk.open()) {
                    assertThat(in.available()).isEqualTo(size);
                    assertThat(in.readNBytes(size / 2)).hasSize(size / 2);
                    in.reset();
                    assertThat(in.readAllBytes()).isEqualTo(bytes);
                    assertThat(in.read()).isEqualTo(-1);
                }
            }
            assertThat(memory.usedBytes()).isLessThanOrEqualTo((long) blocks * BLOCK);
        }
        assertThat(memory.usedBytes()).isZero();
        try (var files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void chunks_share_a_limit_and_give_their_memory_back() throws IOException {
        StoredFormMemory memory = new StoredFormMemory(2L * BLOCK);
        try (SealedChunk first = new SealedChunk(memory, folder);
                SealedChunk second = new SealedChunk(memory, folder)) {
            write(first, random(BLOCK + 1));
            write(second, random(2 * BLOCK));

            try (InputStream one = first.open();
                    InputStream two = second.open()) {
                assertThat(one.readAllBytes()).isEqualTo(random(BLOCK + 1));
                assertThat(two.readAllBytes()).isEqualTo(random(2 * BLOCK));
            }
            first.close();
            assertThat(memory.usedBytes()).isZero();
        }
        assertThat(memory.take()).isPresent();
        assertThat(memory.take()).isPresent();
        assertThat(memory.take()).isEmpty();
    }
}
