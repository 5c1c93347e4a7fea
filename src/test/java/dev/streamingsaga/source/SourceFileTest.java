package dev.streamingsaga.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.digest.Digests;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SourceIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("unit")
class SourceFileTest {
    private static final int CHUNK = 1_000_000;

    @TempDir
    Path dir;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 1, 5 * CHUNK - 1})
    void one_pass_finds_the_hash_of_the_whole_and_of_every_chunk(int size) throws Exception {
        byte[] bytes = bytes(size);
        Path file = Files.write(dir.resolve("f"), bytes);
        List<String> chunks = new ArrayList<>();
        for (int from = 0; from < size; from += CHUNK) {
            chunks.add(sha256(Arrays.copyOfRange(bytes, from, Math.min(size, from + CHUNK))));
        }

        Digests digests = SourceFile.digest(file, SourceFile.identity(file), CHUNK, done -> {}, () -> {});

        assertThat(digests).isEqualTo(new Digests(sha256(bytes), size, chunks));
    }

    @Test
    void a_pass_ends_when_it_is_no_longer_wanted() throws Exception {
        Path file = Files.write(dir.resolve("f"), bytes(20 * CHUNK));
        List<Long> seen = new ArrayList<>();
        AtomicInteger asked = new AtomicInteger();

        assertThatThrownBy(() -> SourceFile.digest(file, SourceFile.identity(file), CHUNK, seen::add, () -> {
                    if (asked.incrementAndGet() == 3) {
                        throw new CancellationException("enough");
                    }
                }))
                .isInstanceOf(CancellationException.class);
        assertThat(seen).hasSize(2).allMatch(done -> done < 20 * CHUNK);
    }

    @Test
    void a_file_that_grows_during_the_pass_is_refused() throws Exception {
        Path file = Files.write(dir.resolve("f"), bytes(10 * CHUNK));
        SourceIdentity identity = SourceFile.identity(file);
        AtomicInteger asked = new AtomicInteger();

        assertThatThrownBy(() -> SourceFile.digest(file, identity, CHUNK, done -> {}, () -> {
                    if (asked.incrementAndGet() == 2) {
                        append(file);
                    }
                }))
                .isInstanceOfSatisfying(
                        SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.HASH_MISMATCH))
                .hasMessageContaining("file was modified during upload, please retry");
    }

    @Test
    void a_file_deleted_while_it_is_open_is_noticed() throws Exception {
        Path file = Files.write(dir.resolve("f"), bytes(10 * CHUNK));
        SourceIdentity identity = SourceFile.identity(file);
        AtomicInteger asked = new AtomicInteger();

        assertThatThrownBy(() -> SourceFile.digest(file, identity, CHUNK, done -> {}, () -> {
                    if (asked.incrementAndGet() == 2) {
                        delete(file);
                    }
                }))
                .isInstanceOfSatisfying(
                        SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.FILE_NOT_FOUND));
    }

    @Test
    void a_file_replaced_by_another_with_the_same_size_and_time_is_noticed() throws Exception {
        Path file = Files.write(dir.resolve("f"), bytes(10));
        SourceIdentity identity = SourceFile.identity(file);
        FileTime time = Files.getLastModifiedTime(file);
        Path other = Files.write(dir.resolve("other"), bytes(10));
        Files.setLastModifiedTime(other, time);
        Files.move(other, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);

        assertThatThrownBy(() -> SourceFile.check(file, identity))
                .isInstanceOfSatisfying(
                        SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.HASH_MISMATCH));
    }

    @Test
    void a_link_stands_for_the_file_it_leads_to() throws Exception {
        Path file = Files.write(dir.resolve("f"), bytes(10));
        Path link = Files.createSymbolicLink(dir.resolve("link"), file);

        assertThat(SourceFile.identity(link)).isEqualTo(SourceFile.identity(file));
        assertThat(SourceFile.real(link)).isEqualTo(file.toRealPath());
    }

    @Test
    void directories_pipes_and_devices_are_refused_unopened() throws Exception {
        Path pipe = dir.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();

        for (Path path : List.of(dir, pipe, Path.of("/dev/zero"))) {
            assertThatThrownBy(() -> SourceFile.identity(path))
                    .isInstanceOfSatisfying(
                            SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.FILE_NOT_READABLE))
                    .hasMessageContaining("not a regular file");
        }
    }

    @Test
    void a_missing_file_is_not_found() {
        assertThatThrownBy(() -> SourceFile.identity(dir.resolve("none")))
                .isInstanceOfSatisfying(
                        SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.FILE_NOT_FOUND));
    }

    private static void append(Path file) {
        try {
            Files.write(file, new byte[10], StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
