package dev.streamingsaga.bench;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Application;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * Measures R6: sagas a second and the latency of one alone, for documents of 1 KB without and with text, in a running
 * process with the embedded servers; and what remains beside the same saga of empty participants under Camel's
 * in-memory saga service.
 */
public final class SmallBench {
    private static final int SMALL_BYTES = 1024;
    private static final int CONCURRENCY = 8;
    private static final String LINE = "A short note about invoice number %d, which was paid in time. ";

    private final BenchSettings settings;
    private final Path directory;
    private final int documents;
    private final Consumer<String> progress;
    private int written;

    /**
     * @param documents of each measurement
     * @param progress receives progress messages
     */
    public SmallBench(BenchSettings settings, int documents, Consumer<String> progress) {
        this.settings = settings;
        this.directory = settings.directory();
        this.documents = documents;
        this.progress = progress;
    }

    /**
     * @param sagasPerSecond eight at a time
     * @param cpuMillis of each of these
     * @param aloneP50Millis one after the other
     * @param millisPerParticipant of one alone: the bucket and the stores
     * @param timesInMemory the median of one alone, divided by that of Camel's in-memory saga service
     */
    public record Small(
            int sagas,
            double sagasPerSecond,
            double cpuMillis,
            double aloneP50Millis,
            double aloneP99Millis,
            double millisPerParticipant,
            double inMemoryP50Millis,
            double timesInMemory) {}

    /** {@code R6} and {@code R6 text}. */
    public Map<String, Small> run() throws IOException, InterruptedException {
        Map<String, Small> results = new LinkedHashMap<>();
        SagaConfig config = settings.config(Map.of("saga.concurrency", String.valueOf(CONCURRENCY)));
        try (Application application = Application.start(config);
                InMemorySagas inMemory =
                        InMemorySagas.start(config.participants().size())) {
            for (boolean text : new boolean[] {false, true}) {
                String name = text ? "R6 text" : "R6";
                together(application, text); // not counted
                Ratio.Measurement together = together(application, text);
                List<Double> alone = new ArrayList<>();
                List<Double> empty = new ArrayList<>();
                for (Path file : files(text)) {
                    alone.add(millis(() -> BenchIngest.run(application, file)));
                    empty.add(millis(inMemory::run));
                }
                Small small =
                        result(together, alone, empty, config.participants().size());
                results.put(name, small);
                progress.accept(String.format(
                        Locale.ROOT,
                        "%s: %.1f sagas/s, CPU %.1f ms each; alone p50 %.1f ms, p99 %.1f ms",
                        name,
                        small.sagasPerSecond(),
                        small.cpuMillis(),
                        small.aloneP50Millis(),
                        small.aloneP99Millis()));
            }
        } finally {
            BenchFiles.delete(directory);
        }
        return results;
    }

    private Small result(Ratio.Measurement together, List<Double> alone, List<Double> empty, int participants) {
        double p50 = percentile(alone, 50);
        double memory = percentile(empty, 50);
        return new Small(
                documents,
                round(documents / together.seconds()),
                round(together.cpuSeconds() * 1000 / documents),
                round(p50),
                round(percentile(alone, 99)),
                round(p50 / participants),
                round(memory),
                round(p50 / memory));
    }

    private Ratio.Measurement together(Application application, boolean text) throws IOException, InterruptedException {
        List<Path> files = files(text);
        ExecutorService threads = Executors.newFixedThreadPool(CONCURRENCY);
        try {
            Stopwatch stopwatch = new Stopwatch();
            List<Future<?>> sagas = new ArrayList<>();
            for (Path file : files) {
                sagas.add(threads.submit(() -> BenchIngest.run(application, file)));
            }
            for (Future<?> saga : sagas) {
                saga.get();
            }
            return stopwatch.read();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a small document was not stored", e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }

    private List<Path> files(boolean text) throws IOException {
        Path folder = Files.createDirectories(directory.resolve("files"));
        List<Path> files = new ArrayList<>();
        for (int i = 0; i < documents; i++) {
            int number = written++;
            byte[] content = text
                    ? LINE.formatted(number).repeat(3).getBytes(StandardCharsets.US_ASCII)
                    : BenchFiles.bytes(SMALL_BYTES, number);
            files.add(Files.write(folder.resolve("small-" + number + (text ? ".txt" : ".bin")), content));
        }
        return files;
    }

    private static double millis(Stopwatch.Action action) throws IOException {
        return Stopwatch.time(action).seconds() * 1000;
    }

    private static double percentile(List<Double> values, int percent) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(Math.min(sorted.size() - 1, sorted.size() * percent / 100));
    }

    private static double round(double value) {
        return Math.round(value * 100) / 100.0;
    }
}
