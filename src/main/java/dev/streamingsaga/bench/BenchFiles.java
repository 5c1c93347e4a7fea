package dev.streamingsaga.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Creates test files: incompressible, and identical for the same seed. */
final class BenchFiles {
    private BenchFiles() {}

    static Path write(Path file, long sizeBytes, long seed) throws IOException {
        Files.createDirectories(file.getParent());
        byte[] block = new byte[1 << 20];
        Random random = new Random(seed);
        try (FileChannel out = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            for (long remaining = sizeBytes; remaining > 0; remaining -= block.length) {
                random.nextBytes(block);
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
