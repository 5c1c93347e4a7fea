package dev.streamingsaga.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.streamingsaga.bench.BenchCommands;
import dev.streamingsaga.bench.BenchSettings;
import dev.streamingsaga.bench.HistoryBench;
import dev.streamingsaga.bench.HttpBench;
import dev.streamingsaga.bench.MemoryBench;
import dev.streamingsaga.bench.OverheadBench;
import dev.streamingsaga.bench.RestartBench;
import dev.streamingsaga.bench.SealingBench;
import dev.streamingsaga.bench.SmallBench;
import dev.streamingsaga.bench.TextBench;
import dev.streamingsaga.bench.UploadBench;
import dev.streamingsaga.config.SagaConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = {
            "Measures ratios of times, memory and recovery times.",
            "R1: a complete ingest, compared with Transfer Manager and a SHA-256 pass.",
            "R1-sink: the same with a bare S3 server in a process of its own.",
            "R2: a complete ingest, compared with the same upload without saga, journal and stores.",
            "R3: heap and resident memory for files of several sizes.",
            "R4: a resume after a kill at half the upload, compared with a new ingest.",
            "R5: seconds until all sagas of a killed process have their outcome.",
            "R6: sagas a second and latency for documents of 1 KB, without and with text.",
            "R7: an ingest with compression, encryption or both, compared with neither, cold and warm.",
            "TEXT: the speed of text, from the embedding to a whole ingest, compared with a bare model.",
            "HTTP: a PUT compared with an ingest, and many small ones compared with the drop folder.",
            "HISTORY: each operation with many ended sagas in the journal, compared with 100."
        })
final class BenchCommand implements Callable<Integer> {
    private static final List<String> ALL =
            List.of("R1", "R1-sink", "R2", "R3", "R4", "R5", "R6", "R7", "TEXT", "HTTP", "HISTORY");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long MEGABYTE = 1_000_000;

    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Option(
            names = "--ratios",
            split = ",",
            defaultValue = "R1",
            description = "ALL, or any of R1, R1-sink, R2, R3, R4, R5, R6, R7, TEXT, HTTP, HISTORY (default:"
                    + " ${DEFAULT-VALUE})")
    List<String> ratios = List.of();

    @Option(
            names = "--megabytes",
            defaultValue = "300",
            description = "size of the file for R1, R1-sink, R4, R7 and HTTP in MB (default: ${DEFAULT-VALUE})")
    int megabytes;

    @Option(
            names = "--overhead-megabytes",
            split = ",",
            defaultValue = "10,50,100,300",
            description = "sizes of the files for R2 in MB (default: ${DEFAULT-VALUE})")
    List<Integer> overheadMegabytes = List.of();

    @Option(
            names = "--memory-megabytes",
            split = ",",
            defaultValue = "300,1000",
            description = "sizes of the files for R3 in MB (default: ${DEFAULT-VALUE})")
    List<Integer> memoryMegabytes = List.of();

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
            names = "--documents",
            defaultValue = "200",
            description = "small documents of each measurement for R6 and HTTP (default: ${DEFAULT-VALUE})")
    int documents;

    @Option(
            names = "--history",
            defaultValue = "100000",
            description = "ended sagas for HISTORY (default: ${DEFAULT-VALUE})")
    int history;

    @Option(
            names = "--short",
            description = "one pair, and at most 20 MB, 20 kB of text, 10 open sagas and 32 small documents: to see"
                    + " that everything works, not to compare")
    boolean isShort;

    @Option(names = "--markdown", description = "print Markdown tables")
    boolean markdown;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (isShort) {
            shorten();
        }
        SagaConfig config = options.load();
        List<String> chosen = ratios.contains("ALL") ? ALL : ratios;
        for (String ratio : chosen) {
            if (!ALL.contains(ratio)) {
                throw new UsageException(ratio + " is not a benchmark; choose ALL, or from " + String.join(", ", ALL));
            }
        }
        DataDirectorySetup.prepare(config);
        Path directory = config.dataDir().resolve("bench");
        PrintWriter err = spec.commandLine().getErr();
        ObjectNode results = JSON.createObjectNode();
        if (chosen.size() == 1) {
            results.setAll((ObjectNode) JSON.valueToTree(
                    measure(chosen.get(0), new BenchSettings(directory, settings(config)), err::println)));
        } else {
            BenchCommands commands = new BenchCommands(directory, originalArguments());
            for (String ratio : chosen) {
                results.setAll(commands.run(ratio));
            }
        }
        print(new BenchReport(results), spec.commandLine().getOut());
        return results.findValue(BenchCommands.ERROR) == null ? 0 : 1;
    }

    private List<String> originalArguments() {
        return spec.root().commandLine().getParseResult().originalArgs();
    }

    /** A coordinator that is configured is used, since a process can have only one of its own. */
    private static Map<String, String> settings(SagaConfig config) {
        Map<String, String> settings = new LinkedHashMap<>();
        config.servers().coordinator().url().ifPresent(url -> {
            settings.put("saga.coordinator.url", url.toString());
            settings.put(
                    "saga.coordinator.secret", config.servers().coordinator().secret());
        });
        return settings;
    }

    private void shorten() {
        megabytes = Math.min(megabytes, 20);
        overheadMegabytes = List.of(10);
        memoryMegabytes = List.of(10, 20);
        textKilobytes = Math.min(textKilobytes, 20);
        pairs = 1;
        sagas = Math.min(sagas, 10);
        documents = Math.min(documents, 32);
        history = Math.min(history, 1000);
    }

    private Map<String, ?> measure(String ratio, BenchSettings settings, Consumer<String> progress)
            throws IOException, InterruptedException {
        long size = megabytes * MEGABYTE;
        Path directory = settings.directory();
        return switch (ratio) {
            case "R1" -> new UploadBench(settings, size, progress).run(pairs);
            case "R1-sink" -> new UploadBench(settings, size, progress).runWithSink(pairs);
            case "R2" -> new OverheadBench(settings, overheadMegabytes, progress).run(pairs);
            case "R3" -> new MemoryBench(directory, memoryMegabytes, progress).run();
            case "R4" -> Map.of(ratio, new RestartBench(directory, progress).resume(size, pairs));
            case "R5" -> Map.of(ratio, new RestartBench(directory, progress).restart(sagas));
            case "R6" -> new SmallBench(settings, documents, progress).run();
            case "R7" -> new SealingBench(directory, size, progress).run(pairs);
            case "TEXT" -> new TextBench(directory, textKilobytes * 1000, progress).run(pairs);
            case "HISTORY" -> new HistoryBench(directory, history, progress).run(pairs);
            case "HTTP" -> new HttpBench(settings, size, documents, progress).run(pairs);
            default -> throw new IllegalArgumentException(ratio);
        };
    }

    private void print(BenchReport report, PrintWriter out) {
        if (options.json) {
            report.json(out);
        } else if (markdown) {
            report.markdown(out);
        } else {
            report.text(out);
        }
    }
}
