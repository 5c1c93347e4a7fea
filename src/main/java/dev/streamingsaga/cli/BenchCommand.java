package dev.streamingsaga.cli;

import dev.streamingsaga.bench.HistoryBench;
import dev.streamingsaga.bench.Ratio;
import dev.streamingsaga.bench.RestartBench;
import dev.streamingsaga.bench.SealingBench;
import dev.streamingsaga.bench.TextBench;
import dev.streamingsaga.bench.UploadBench;
import dev.streamingsaga.config.SagaConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = {
            "Measures time ratios and recovery times.",
            "R1: a complete ingest, compared with Transfer Manager and a SHA-256 pass.",
            "R4: a resume after a kill at half the upload, compared with a new ingest.",
            "R5: seconds until all sagas of a killed process have their outcome.",
            "R7: an ingest with compression, encryption or both, compared with neither, cold and warm.",
            "TEXT: the speed of text, from the embedding to a whole ingest, compared with a bare model.",
            "HISTORY: each operation with many ended sagas in the journal, compared with 100."
        })
final class BenchCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Option(
            names = "--ratios",
            split = ",",
            defaultValue = "R1",
            description = "any of R1, R4, R5, R7, TEXT, HISTORY (default: ${DEFAULT-VALUE})")
    List<String> ratios = List.of();

    @Option(
            names = "--megabytes",
            defaultValue = "300",
            description = "size of the file in MB (default: ${DEFAULT-VALUE})")
    int megabytes;

    @Option(
            names = "--text-kilobytes",
            defaultValue = "600",
            description = "size of the text for TEXT in kB (default: ${DEFAULT-VALUE})")
    int textKilobytes;

    @Option(names = "--pairs", defaultValue = "9", description = "measured pairs (default: ${DEFAULT-VALUE})")
    int pairs;

    @Option(names = "--sagas", defaultValue = "100", description = "open sagas for R5 (default: ${DEFAULT-VALUE})")
    int sagas;

    @Option(
            names = "--history",
            defaultValue = "100000",
            description = "ended sagas for HISTORY (default: ${DEFAULT-VALUE})")
    int history;

    @Override
    public Integer call() throws IOException, InterruptedException {
        SagaConfig config = options.load();
        DataDirectorySetup.prepare(config);
        Path directory = config.dataDir().resolve("bench");
        PrintWriter err = spec.commandLine().getErr();
        Map<String, Object> results = new LinkedHashMap<>();
        for (String ratio : ratios) {
            results.putAll(
                    switch (ratio) {
                        case "R1" ->
                            Map.of(ratio, new UploadBench(directory, megabytes * 1_000_000L, err::println).run(pairs));
                        case "R4" ->
                            Map.of(
                                    ratio,
                                    new RestartBench(directory, err::println).resume(megabytes * 1_000_000L, pairs));
                        case "R5" -> Map.of(ratio, new RestartBench(directory, err::println).restart(sagas));
                        case "R7" -> new SealingBench(directory, megabytes * 1_000_000L, err::println).run(pairs);
                        case "TEXT" -> new TextBench(directory, textKilobytes * 1000, err::println).run(pairs);
                        case "HISTORY" -> new HistoryBench(directory, history, err::println).run(pairs);
                        default ->
                            throw new UsageException(
                                    ratio + " is not a benchmark; choose from R1, R4, R5, R7, TEXT and HISTORY");
                    });
        }
        print(spec.commandLine().getOut(), results);
        return 0;
    }

    private void print(PrintWriter out, Map<String, Object> results) {
        if (options.json) {
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put(
                    "machine",
                    Runtime.getRuntime().availableProcessors() + " processors, Java "
                            + Runtime.version().feature() + ", " + System.getProperty("os.name") + " "
                            + System.getProperty("os.arch"));
            answer.put("ratios", results);
            out.println(CommonOptions.json(answer));
            return;
        }
        out.printf(
                "%-28s %7s %7s %7s %6s %8s %9s %9s%n", "", "median", "min", "max", "pairs", "by CPU", "ours", "theirs");
        results.forEach((name, value) -> out.println(text(name, value)));
    }

    private static String text(String name, Object value) {
        if (value instanceof RestartBench.Resume r) {
            return text(name, r.time())
                    + String.format(
                            Locale.ROOT,
                            "; at most %.1f MB sent again, %.1f MB in flight at the kill",
                            r.bytesSentAgain() / 1e6,
                            r.bytesInFlight() / 1e6);
        }
        return value instanceof Ratio r
                ? String.format(
                        Locale.ROOT,
                        "%-28s %7.3f %7.3f %7.3f %6d %8s %7.2f s %7.2f s",
                        name,
                        r.median(),
                        r.min(),
                        r.max(),
                        r.pairs(),
                        r.cpuMedian() == 0 ? "-" : "%.3f".formatted(r.cpuMedian()),
                        r.oursSeconds(),
                        r.theirsSeconds())
                : name + " " + value;
    }
}
