package dev.streamingsaga.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.encryption.KeyFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Measures R7: a complete ingest with compression, with encryption and with both, compared with neither, for bytes that
 * look like text and for random ones. Each process that is measured ingests the same bytes several times: the first is
 * the cold time, the median of the others the warm one. Processes with and without alternate. The CPU time of the cold
 * ingest includes the start of the process.
 */
public final class SealingBench {
    private static final int INGESTS = 4;

    private final Path directory;
    private final long sizeBytes;
    private final Consumer<String> progress;

    /** @param directory deleted afterwards */
    public SealingBench(Path directory, long sizeBytes, Consumer<String> progress) {
        this.directory = directory;
        this.sizeBytes = sizeBytes;
        this.progress = progress;
    }

    /** What is switched on. */
    private enum Form {
        COMPRESSION(true, false),
        ENCRYPTION(false, true),
        BOTH(true, true);

        private final boolean compression;
        private final boolean encryption;

        Form(boolean compression, boolean encryption) {
            this.compression = compression;
            this.encryption = encryption;
        }

        List<String> settings(Path keys) {
            return List.of(
                    "saga.chunk.compression=" + (compression ? "zstd" : "none"),
                    "saga.chunk.encryption=" + (encryption ? "aes256-gcm" : "none"),
                    "saga.encryption.provider=key-file",
                    "saga.encryption.key-file=" + keys);
        }
    }

    /** The times of one process. */
    private record Times(Ratio.Measurement cold, Ratio.Measurement warm) {}

    /** @return by case, such as {@code R7 text encryption warm} */
    public Map<String, Ratio> run(int pairs) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        Path keys = directory.resolve("keys").resolve("keys.json");
        new KeyFile(keys).create();
        Map<String, Ratio> results = new LinkedHashMap<>();
        try {
            Path text = BenchFiles.writeText(directory.resolve("text.bin"), sizeBytes, 1);
            Path random = BenchFiles.write(directory.resolve("random.bin"), sizeBytes, 1);
            for (Form form : Form.values()) {
                compare("text", text, form, keys, pairs, results);
                compare("random", random, form, keys, pairs, results);
            }
            return results;
        } finally {
            BenchFiles.delete(directory);
        }
    }

    private void compare(String content, Path file, Form form, Path keys, int pairs, Map<String, Ratio> results)
            throws IOException, InterruptedException {
        List<Times> on = new ArrayList<>();
        List<Times> off = new ArrayList<>();
        List<String> settings = form.settings(keys);
        for (int i = 0; i < pairs; i++) {
            if (i % 2 == 0) {
                on.add(ingest(file, settings));
            }
            off.add(ingest(file, List.of()));
            if (i % 2 != 0) {
                on.add(ingest(file, settings));
            }
            progress.accept(String.format(
                    Locale.ROOT,
                    "R7 %s %s, pair %d of %d: cold %.2f s with, %.2f s without; warm %.2f s with, %.2f s without",
                    content,
                    name(form),
                    i + 1,
                    pairs,
                    on.get(i).cold().seconds(),
                    off.get(i).cold().seconds(),
                    on.get(i).warm().seconds(),
                    off.get(i).warm().seconds()));
        }
        String name = "R7 " + content + " " + name(form);
        results.put(name + " cold", Ratio.of(measured(on, Times::cold), measured(off, Times::cold)));
        results.put(name + " warm", Ratio.of(measured(on, Times::warm), measured(off, Times::warm)));
    }

    private static String name(Form form) {
        return form.name().toLowerCase(Locale.ROOT);
    }

    private static List<Ratio.Measurement> measured(List<Times> times, Function<Times, Ratio.Measurement> which) {
        return times.stream().map(which).toList();
    }

    private Times ingest(Path file, List<String> settings) throws IOException, InterruptedException {
        Path data = directory.resolve("data");
        Path answer = directory.resolve("answer.json");
        List<String> args = new ArrayList<>(List.of("ingest", "--data", data.toString(), "--json"));
        args.addAll(List.of("-D", "saga.concurrency=1", "-D", "saga.content.max-text-chars=1000"));
        settings.forEach(setting -> args.addAll(List.of("-D", setting)));
        List<Path> links = new ArrayList<>();
        for (int i = 0; i < INGESTS; i++) {
            links.add(Files.createLink(directory.resolve("run-" + i + ".bin"), file));
            args.add(links.get(i).toString());
        }
        List<Double> cpu;
        try (BenchProcess child = BenchProcess.start(answer, args.toArray(String[]::new))) {
            cpu = child.cpuSecondsByLine();
        }
        List<Double> seconds = new ArrayList<>();
        for (String line : Files.readAllLines(answer)) {
            JsonNode result = new ObjectMapper().readTree(line);
            if (!result.path("status").asText().equals("COMPLETED")) {
                throw new IllegalStateException("the measured ingest did not complete: "
                        + result.path("message").asText());
            }
            seconds.add(seconds(result));
        }
        for (Path link : links) {
            Files.delete(link);
        }
        BenchFiles.delete(data);
        double[] warm =
                seconds.stream().skip(1).mapToDouble(time -> time).sorted().toArray();
        return new Times(
                new Ratio.Measurement(seconds.get(0), cpu.get(0)),
                new Ratio.Measurement(warm[warm.length / 2], warmCpuSeconds(cpu)));
    }

    /** Mean of the ingests after the first. */
    private static double warmCpuSeconds(List<Double> cpu) {
        return (cpu.get(cpu.size() - 1) - cpu.get(0)) / (cpu.size() - 1);
    }

    /** The whole saga, from its beginning to its outcome. */
    private static double seconds(JsonNode result) {
        return result.get("durationMillis").asLong() / 1000.0;
    }
}
