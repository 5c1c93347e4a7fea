package dev.streamingsaga.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.database.Databases.OpenDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Measures HISTORY: what an instance does with a long history of ended sagas, compared with one that has a short one. A
 * child process runs for each; each operation is measured on one and on the other, in alternating order.
 */
public final class HistoryBench {
    /** Sagas of the short history. */
    static final int SHORT = 100;

    private static final int RESIDUE_SHARE = 100;
    private static final int MIN_RESIDUE = 15;
    private static final int WARM_UP = 100;
    private static final int REPEATS = 20;
    private static final int STARTS = 3;
    private static final int IDLE_SECONDS = 8;
    private static final int REFRESH_MILLIS = 2100;

    private final Path directory;
    private final int sagas;
    private final Consumer<String> progress;
    private final List<String> settings = List.of(
            "saga.http.port=0",
            "saga.participants=security,graph,relational",
            "saga.receipts=on",
            "saga.duplicates=version",
            "saga.content.isolation=in-process",
            "saga.drop.interval=100ms",
            "saga.drop.stable-for=0s",
            "saga.drop.wait-for-writers=false");
    private final Map<String, Ratio> results = new LinkedHashMap<>();

    /**
     * @param directory deleted afterwards
     * @param sagas number of ended sagas of the long history; a hundredth of them has an open clean-up entry
     */
    public HistoryBench(Path directory, int sagas, Consumer<String> progress) {
        this.directory = directory;
        this.sagas = sagas;
        this.progress = progress;
    }

    /** One operation on an instance; {@code round} is another number each time. */
    private interface Operation {
        void run(Instance instance, int round) throws IOException, InterruptedException;
    }

    /** An instance with a history. */
    private record Instance(Path data, RemoteInstance server, List<String> cleanups) {
        Path drop() {
            return data.resolveSibling(data.getFileName() + "-drop");
        }
    }

    /**
     * Measures every operation.
     *
     * @param pairs number of measured pairs of each
     * @return by operation, such as {@code HISTORY list}
     */
    public Map<String, Ratio> run(int pairs) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        try {
            Path few = prepare("few", SHORT);
            Path many = prepare("many", sagas);
            starts(few, many);
            try (RemoteInstance fewServer = serve(few);
                    RemoteInstance manyServer = serve(many)) {
                measure(instance(few, fewServer), instance(many, manyServer), pairs);
            }
            commands(few, many);
            return results;
        } finally {
            BenchFiles.delete(directory);
        }
    }

    private Path prepare(String name, int copies) throws IOException, InterruptedException {
        Path data = directory.resolve(name);
        Path file = Files.writeString(directory.resolve("sample.txt"), "The history of a document.\n");
        Path answer = directory.resolve("sample.json");
        List<String> arguments = arguments(data, "ingest", file.toString(), "--json");
        try (BenchProcess child = BenchProcess.start(answer, arguments.toArray(String[]::new))) {
            if (child.await() != 0) {
                throw new IllegalStateException("the sample was not stored: " + Files.readString(answer));
            }
        }
        long began = System.nanoTime();
        SagaConfig config = Settings.parse(Map.of("saga.data.dir", data.toString()));
        try (OpenDatabase database = Databases.open("journal", config.servers().journal(), data)) {
            new HistoryRows(database).copy(copies, Math.max(MIN_RESIDUE, copies / RESIDUE_SHARE));
        } catch (SQLException e) {
            throw new IllegalStateException("the history cannot be written", e);
        }
        progress.accept(String.format(
                Locale.ROOT, "HISTORY: %d sagas written in %.1f s", copies, (System.nanoTime() - began) / 1e9));
        return data;
    }

    private List<String> arguments(Path data, String... command) {
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(List.of("--data", data.toString()));
        settings.forEach(setting -> arguments.addAll(List.of("-D", setting)));
        return arguments;
    }

    private RemoteInstance serve(Path data) throws IOException, InterruptedException {
        List<String> arguments = arguments(data, "start");
        arguments.addAll(List.of("-D", "saga.drop.dir=" + data.resolveSibling(data.getFileName() + "-drop")));
        return RemoteInstance.start(directory.resolve(data.getFileName() + ".out"), arguments);
    }

    private static Instance instance(Path data, RemoteInstance server) throws IOException, InterruptedException {
        List<String> cleanups = new ArrayList<>();
        server.get("/api/cleanups?limit=1000")
                .path("cleanups")
                .forEach(entry -> cleanups.add(entry.path("id").asText()));
        return new Instance(data, server, cleanups);
    }

    private void starts(Path few, Path many) throws IOException, InterruptedException {
        List<Ratio.Measurement> short_ = new ArrayList<>();
        List<Ratio.Measurement> long_ = new ArrayList<>();
        for (int i = 0; i <= STARTS; i++) {
            Ratio.Measurement first = start(i % 2 == 0 ? few : many);
            Ratio.Measurement second = start(i % 2 == 0 ? many : few);
            if (i > 0) {
                short_.add(i % 2 == 0 ? first : second);
                long_.add(i % 2 == 0 ? second : first);
            }
        }
        report("start", long_, short_);
    }

    private Ratio.Measurement start(Path data) throws IOException, InterruptedException {
        try (RemoteInstance server = serve(data)) {
            return server.startTime();
        }
    }

    private void report(String operation, List<Ratio.Measurement> many, List<Ratio.Measurement> few) {
        Ratio ratio = Ratio.of(many, few);
        results.put("HISTORY " + operation, ratio);
        progress.accept(String.format(
                Locale.ROOT,
                "HISTORY %s: %.1f ms with %d sagas, %.1f ms with %d; CPU %.1f ms, %.1f ms",
                operation,
                ratio.oursSeconds() * 1000,
                sagas,
                ratio.theirsSeconds() * 1000,
                SHORT,
                ratio.oursCpuSeconds() * 1000,
                ratio.theirsCpuSeconds() * 1000));
    }

    private void measure(Instance few, Instance many, int pairs) throws IOException, InterruptedException {
        Map<String, Operation> operations = new LinkedHashMap<>();
        operations.put("list", get("/api/sagas?limit=100"));
        operations.put("list by state", get("/api/sagas?limit=10&state=COMPENSATED"));
        operations.put("list by name", get("/api/sagas?limit=100&name=history-7.txt"));
        operations.put("list by reason", get("/api/sagas?limit=10&reason=MAX_RETRIES_EXCEEDED"));
        operations.put("list attention", get("/api/sagas?limit=10&attention=true"));
        operations.put("list by text", get("/api/sagas?limit=10&q=history-1"));
        operations.put("counts", get("/api/counts"));
        operations.put("counts by reason", get("/api/counts?reason=MAX_RETRIES_EXCEEDED"));
        operations.put("statistics", get("/api/statistics"));
        operations.put("clean-ups", get("/api/cleanups?limit=10"));
        operations.put("audit", get("/api/audit?limit=50"));
        operations.put("status", HistoryBench::status);
        operations.put("health", get("/observe/health"));
        operations.put("ingest", HistoryBench::ingest);
        operations.put("deletion", HistoryBench::delete);
        operations.put("clean-up retry", HistoryBench::retry);
        for (Map.Entry<String, Operation> operation : operations.entrySet()) {
            int repeats = List.of("ingest", "deletion", "clean-up retry").contains(operation.getKey()) ? 1 : REPEATS;
            compare(operation.getKey(), operation.getValue(), few, many, pairs, repeats);
        }
        compare("metrics", HistoryBench::metrics, few, many, pairs, 1);
        compare("drop folder", HistoryBench::drop, few, many, pairs, 1);
        idle("idle second", few, many, false, pairs);
        idle("second of an open page", few, many, true, pairs);
        progress.accept(String.format(
                Locale.ROOT,
                "HISTORY: live heap %.1f MB with %d sagas, %.1f MB with %d",
                heap(many) / 1e6,
                sagas,
                heap(few) / 1e6,
                SHORT));
    }

    private long heap(Instance instance) throws IOException, InterruptedException {
        return instance.server().process().liveHeapBytes(directory.resolve("histogram.txt"));
    }

    private static Operation get(String path) {
        return (instance, round) -> instance.server().get(path);
    }

    private static void status(Instance instance, int round) throws IOException, InterruptedException {
        JsonNode page = instance.server().get("/api/sagas?limit=1&name=history-7.txt");
        instance.server()
                .get("/api/sagas/" + page.path("sagas").get(0).path("sagaId").asText());
    }

    /** The figures are cached: waits until a scrape reads them. */
    private static void metrics(Instance instance, int round) throws IOException, InterruptedException {
        instance.server().get("/observe/metrics");
    }

    private static void ingest(Instance instance, int round) throws IOException, InterruptedException {
        JsonNode outcome =
                instance.server().send("PUT", "/api/documents/new-" + round + ".txt", "New document " + round);
        require(outcome, "status", "COMPLETED");
    }

    private static void delete(Instance instance, int round) throws IOException, InterruptedException {
        JsonNode page = instance.server().get("/api/sagas?limit=1&name=new-" + round + ".txt");
        String document = page.path("sagas").get(0).path("documentId").asText();
        require(
                instance.server().send("DELETE", "/api/documents/" + document + "?reason=bench", ""),
                "state",
                "DELETED");
    }

    private static void retry(Instance instance, int round) throws IOException, InterruptedException {
        String cleanup = instance.cleanups().remove(0);
        require(instance.server().send("POST", "/api/cleanups/" + cleanup + "/retry", ""), "state", "COMPENSATED");
    }

    private static void require(JsonNode answer, String field, String value) {
        if (!answer.path(field).asText().equals(value)) {
            throw new IllegalStateException("the measured operation did not end with " + value + ": " + answer);
        }
    }

    private static void drop(Instance instance, int round) throws IOException, InterruptedException {
        Path hidden = Files.writeString(instance.drop().resolve(".new-" + round), "Dropped document " + round);
        Path file = instance.drop().resolve("dropped-" + round + ".txt");
        Files.move(hidden, file);
        while (Files.exists(file)) {
            TimeUnit.MILLISECONDS.sleep(2);
        }
    }

    private void compare(String name, Operation operation, Instance few, Instance many, int pairs, int repeats)
            throws IOException, InterruptedException {
        List<Ratio.Measurement> short_ = new ArrayList<>();
        List<Ratio.Measurement> long_ = new ArrayList<>();
        int warmUp = repeats == 1 ? 2 : WARM_UP / repeats;
        for (int i = 0; i < pairs + warmUp; i++) {
            Ratio.Measurement first = time(operation, i % 2 == 0 ? few : many, i, repeats, name);
            Ratio.Measurement second = time(operation, i % 2 == 0 ? many : few, i, repeats, name);
            if (i >= warmUp) {
                short_.add(i % 2 == 0 ? first : second);
                long_.add(i % 2 == 0 ? second : first);
            }
        }
        report(name, long_, short_);
    }

    private static Ratio.Measurement time(Operation operation, Instance instance, int round, int repeats, String name)
            throws IOException, InterruptedException {
        if (name.equals("metrics")) {
            TimeUnit.MILLISECONDS.sleep(REFRESH_MILLIS);
        }
        double cpu = instance.server().process().cpuSeconds();
        long began = System.nanoTime();
        for (int i = 0; i < repeats; i++) {
            operation.run(instance, round * repeats + i);
        }
        double seconds = (System.nanoTime() - began) / 1e9;
        return new Ratio.Measurement(
                seconds / repeats, (instance.server().process().cpuSeconds() - cpu) / repeats);
    }

    /** CPU time: heartbeats, recovery, looks at the drop folder; with the page open, its events, too. */
    private void idle(String name, Instance few, Instance many, boolean page, int pairs)
            throws IOException, InterruptedException {
        List<Ratio.Measurement> short_ = new ArrayList<>();
        List<Ratio.Measurement> long_ = new ArrayList<>();
        for (int i = 0; i < Math.min(pairs, STARTS); i++) {
            try (InputStream a = page ? few.server().events() : InputStream.nullInputStream();
                    InputStream b = page ? many.server().events() : InputStream.nullInputStream()) {
                TimeUnit.SECONDS.sleep(1);
                double fewBefore = few.server().process().cpuSeconds();
                double manyBefore = many.server().process().cpuSeconds();
                TimeUnit.SECONDS.sleep(IDLE_SECONDS);
                short_.add(perSecond(few.server().process().cpuSeconds() - fewBefore));
                long_.add(perSecond(many.server().process().cpuSeconds() - manyBefore));
            }
        }
        report(name, long_, short_);
    }

    private static Ratio.Measurement perSecond(double cpu) {
        return new Ratio.Measurement(cpu / IDLE_SECONDS, cpu / IDLE_SECONDS);
    }

    private void commands(Path few, Path many) throws IOException, InterruptedException {
        List<Ratio.Measurement> short_ = new ArrayList<>();
        List<Ratio.Measurement> long_ = new ArrayList<>();
        for (int i = 0; i < STARTS; i++) {
            short_.add(list(few));
            long_.add(list(many));
        }
        report("saga list", long_, short_);
    }

    private Ratio.Measurement list(Path data) throws IOException, InterruptedException {
        long began = System.nanoTime();
        try (BenchProcess child = BenchProcess.start(
                directory.resolve("list.out"), arguments(data, "list").toArray(String[]::new))) {
            child.await();
        }
        return new Ratio.Measurement((System.nanoTime() - began) / 1e9, 0);
    }
}
