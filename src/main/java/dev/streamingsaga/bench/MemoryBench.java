package dev.streamingsaga.bench;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Measures R3: the memory of a process that ingests one file, for files of several sizes. Each has a process of its own
 * with the embedded servers and all stores.
 */
public final class MemoryBench {
    private static final long MEGABYTE = 1_000_000;
    private static final String PEAK = "PEAK ";

    private final Path directory;
    private final List<Integer> megabytes;
    private final Consumer<String> progress;

    /**
     * @param directory deleted afterwards; needs room for the largest file
     * @param megabytes sizes of the files; the ratios compare with the first
     * @param progress receives progress messages
     */
    public MemoryBench(Path directory, List<Integer> megabytes, Consumer<String> progress) {
        this.directory = directory;
        this.megabytes = List.copyOf(megabytes);
        this.progress = progress;
    }

    /**
     * @param heapBytes largest heap after a full collection
     * @param residentBytes largest resident set; 0 if the system does not say
     * @param heapRatio to the first size
     * @param residentRatio to the first size
     */
    public record Memory(int megabytes, long heapBytes, long residentBytes, double heapRatio, double residentRatio) {}

    /** By size, such as {@code R3 300 MB}. */
    public Map<String, Memory> run() throws IOException, InterruptedException {
        Map<String, Memory> results = new LinkedHashMap<>();
        try {
            long[] first = null;
            for (int size : megabytes) {
                long[] peak = measure(size);
                first = first == null ? peak : first;
                results.put(
                        "R3 " + size + " MB",
                        new Memory(size, peak[0], peak[1], ratio(peak[0], first[0]), ratio(peak[1], first[1])));
                progress.accept(String.format(
                        Locale.ROOT,
                        "R3 %d MB: heap %.1f MB, resident %.1f MB",
                        size,
                        peak[0] / (double) MEGABYTE,
                        peak[1] / (double) MEGABYTE));
            }
        } finally {
            BenchFiles.delete(directory);
        }
        return results;
    }

    private static double ratio(long value, long first) {
        return first == 0 ? 0 : Math.round(1000.0 * value / first) / 1000.0;
    }

    private long[] measure(int size) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        Path file = directory.resolve("zeros.bin");
        // Its content does not matter for memory, so it needs no room on the disk; its chunks do.
        try (RandomAccessFile zeros = new RandomAccessFile(file.toFile(), "rw")) {
            zeros.setLength(size * MEGABYTE);
        }
        Path data = directory.resolve("data");
        Path output = directory.resolve("probe.out");
        try (BenchProcess probe =
                BenchProcess.start(output, List.of(), MemoryProbe.class.getName(), data.toString(), file.toString())) {
            probe.await();
        }
        String[] peak = Files.readAllLines(output).stream()
                .filter(line -> line.startsWith(PEAK))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the measured process failed"))
                .split(" ", -1);
        BenchFiles.delete(data);
        Files.delete(file);
        return new long[] {Long.parseLong(peak[1]), Long.parseLong(peak[2])};
    }
}
