package dev.streamingsaga.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Creates test files, identical for the same seed. */
final class BenchFiles {
    /** Zeros at the start of each block. */
    private static final int NOT_TEXT_BYTES = 32 * 1024;

    private BenchFiles() {}

    /** Content for a block of a file. */
    @FunctionalInterface
    private interface Block {
        void fill(byte[] block);
    }

    /** Bytes that cannot be compressed and are no text. */
    static byte[] bytes(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Bytes that cannot be compressed. */
    static Path write(Path file, long sizeBytes, long seed) throws IOException {
        return write(file, sizeBytes, new Random(seed)::nextBytes);
    }

    /** Words in random order, which compress as text does, between zeros, so that it counts as no text. */
    static Path writeText(Path file, long sizeBytes, long seed) throws IOException {
        Random random = new Random(seed);
        return write(file, sizeBytes, block -> {
            for (int i = NOT_TEXT_BYTES; i < block.length; ) {
                byte[] word = Long.toString((long) Math.abs(random.nextGaussian() * 20_000), Character.MAX_RADIX)
                        .getBytes(StandardCharsets.US_ASCII);
                for (int j = 0; j < word.length && i < block.length; j++) {
                    block[i++] = word[j];
                }
                if (i < block.length) {
                    block[i++] = ' ';
                }
            }
        });
    }

    private static Path write(Path file, long sizeBytes, Block content) throws IOException {
        Files.createDirectories(file.getParent());
        byte[] block = new byte[1 << 20];
        try (FileChannel out = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            for (long remaining = sizeBytes; remaining > 0; remaining -= block.length) {
                content.fill(block);
                out.write(ByteBuffer.wrap(block, 0, (int) Math.min(remaining, block.length)));
            }
            // Otherwise the disk would still write this file during the measurement.
            out.force(true);
        }
        return file;
    }

    static void delete(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        List<Path> files;
        try (Stream<Path> walk = Files.walk(root)) {
            files = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }
}
