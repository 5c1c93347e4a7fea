package dev.streamingsaga.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("unit")
@Timeout(10)
class FileRegionTest {
    private static final int SIZE = 300_000; // more than two buffers

    private final byte[] bytes = new byte[SIZE];
    private Path file;

    @BeforeEach
    void write(@TempDir Path directory) throws IOException {
        new Random(1).nextBytes(bytes);
        file = Files.write(directory.resolve("a.bin"), bytes);
    }

    @ParameterizedTest
    @CsvSource({"0, 300000", "0, 0", "299999, 1", "1, 131072", "1, 131073", "100000, 200000", "300000, 0"})
    void reads_exactly_its_bytes(int offset, int length) throws IOException {
        byte[] expected = Arrays.copyOfRange(bytes, offset, offset + length);
        try (InputStream region = new FileRegion(file, offset, length).open()) {
            assertThat(region.available()).isEqualTo(length);
            assertThat(region.readAllBytes()).isEqualTo(expected);
            assertThat(region.available()).isZero();
            assertThat(region.read()).isEqualTo(-1);
            assertThat(region.read(new byte[1])).isEqualTo(-1);
            assertThat(region.read(new byte[0])).isZero();
        }
    }

    @Test
    void reads_single_bytes_unsigned() throws IOException {
        try (InputStream region = new FileRegion(file, 5, 200).open()) {
            for (int i = 0; i < 200; i++) {
                assertThat(region.read()).isEqualTo(bytes[5 + i] & 0xff);
            }
            assertThat(region.read()).isEqualTo(-1);
        }
    }

    @Test
    void reset_returns_to_the_mark_or_to_the_beginning() throws IOException {
        try (InputStream region = new FileRegion(file, 10, 100).open()) {
            assertThat(region.markSupported()).isTrue();
            region.readNBytes(50);
            region.reset();
            assertThat(region.readNBytes(20)).isEqualTo(Arrays.copyOfRange(bytes, 10, 30));
            region.mark(1);
            region.readNBytes(30);
            region.reset();
            assertThat(region.readAllBytes()).isEqualTo(Arrays.copyOfRange(bytes, 30, 110));
        }
    }

    @Test
    void a_file_that_became_shorter_is_not_a_shorter_chunk() {
        assertThatThrownBy(() -> {
                    try (InputStream region = new FileRegion(file, SIZE - 10, 11).open()) {
                        region.readAllBytes();
                    }
                })
                .isInstanceOf(EOFException.class)
                .hasMessageContaining("ends at " + SIZE);
    }

    @Test
    void closing_releases_the_file() throws IOException {
        InputStream region = new FileRegion(file, 0, 10).open();
        region.close();
        assertThatThrownBy(region::read).isInstanceOf(ClosedChannelException.class);
    }
}
