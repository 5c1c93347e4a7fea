package dev.streamingsaga.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What a kill costs. R4: a file killed at half its upload and resumed, against the same file ingested fresh, both as the sum of
 * their steps. R5: many open sagas killed, and the time from the restart of the process until each has its outcome.
 */
public final class RestartBench {
    private final Path directory;
    private final Consumer<String> progress;

    public RestartBench(Path directory, Consumer<String> progress) {
        this.directory = directory;
        this.progress = progress;
    }

    /** @param seconds until all were final, process start included */
    public record Restart(int open, double p50, double p99, double seconds, int residue, Map<SagaState, Long> outcomes) {}

    /** R4, pair by pair. */
    public Ratio resume(long sizeBytes, int pairs) throws IOException, InterruptedException {
        List<Ratio.Run> resumed = new ArrayList<>();
        List<Ratio.Run> fresh = new ArrayList<>();
        for (int i = 0; i < pairs; i++) {
            Path file = BenchFiles.write(directory.resolve("killed-" + i + ".bin"), sizeBytes, i);
            Path data = directory.resolve("killed-" + i);
            String[] ingest = {"ingest", file.toString(), "--data", data.toString(), "--json"};
            try (Child first = Child.start(directory.resolve("first.json"), ingest)) {
                await(first, data, journal -> journal.sagas(1).stream().anyMatch(saga -> half(journal, saga)));
                first.kill();
            }
            resumed.add(steps(ingest));
            fresh.add(steps("ingest", file.toString(), "--data", directory.resolve("fresh-" + i).toString(), "--json"));
            progress.accept(String.format(java.util.Locale.ROOT, "R4 pair %d of %d: resumed %.2f s, fresh %.2f s", i + 1, pairs,
                    resumed.get(i).seconds(), fresh.get(i).seconds()));
            BenchFiles.delete(data);
            BenchFiles.delete(directory.resolve("fresh-" + i));
            BenchFiles.delete(file);
        }
        return Ratio.of(resumed, fresh);
    }

    private static boolean half(Journal journal, SagaRecord saga) {
        return saga.document().filter(d -> journal.chunksSent(saga.sagaId()) * 2 >= d.chunkCount()).isPresent();
    }

    private Ratio.Run steps(String... ingest) throws IOException, InterruptedException {
        Path answer = directory.resolve("answer.json");
        try (Child child = Child.start(answer, ingest)) {
            child.await();
        }
        JsonNode result = new ObjectMapper().readTree(answer.toFile());
        if (!result.path("status").asText().equals("COMPLETED")) {
            throw new IllegalStateException("the ingest to be measured did not complete: " + result.path("message").asText());
        }
        double millis = 0;
        for (JsonNode step : result.get("steps")) {
            millis += step.get("millis").asDouble();
        }
        return new Ratio.Run(millis / 1000, 0);
    }

    /** R5. */
    public Restart restart(int sagas) throws IOException, InterruptedException {
        Path data = directory.resolve("open");
        List<String> args = new ArrayList<>(List.of("ingest", "--data", data.toString(), "-D", "saga.concurrency=" + sagas, "--json"));
        for (int i = 0; i < sagas; i++) {
            args.add(BenchFiles.write(directory.resolve("open-" + i + ".bin"), 1_000_000, i).toString());
        }
        try (Child child = Child.start(directory.resolve("open.json"), args.toArray(String[]::new))) {
            await(child, data, journal -> journal.unfinished().size() >= sagas * 9 / 10 && journal.sagas(sagas).size() == sagas);
            child.kill();
        }
        int open = with(data, journal -> journal.unfinished().size());
        progress.accept("R5: killed with " + open + " of " + sagas + " sagas open");
        Instant restarted = Instant.now();
        try (Child child = Child.start(directory.resolve("start.out"), "start", "--data", data.toString())) {
            await(child, data, journal -> journal.unfinished().isEmpty());
        }
        List<SagaRecord> ended = with(data, journal -> journal.sagas(sagas));
        double[] seconds = ended.stream().flatMap(saga -> saga.finishedAt().stream()).filter(restarted::isBefore)
                .mapToDouble(end -> Duration.between(restarted, end).toMillis() / 1000.0).sorted().toArray();
        Map<SagaState, Long> outcomes = ended.stream()
                .collect(java.util.stream.Collectors.groupingBy(SagaRecord::state, java.util.stream.Collectors.counting()));
        int residue = with(data, journal -> (int) journal.cleanups().all().stream().filter(e -> e.state().isOpen()).count());
        BenchFiles.delete(data);
        return new Restart(open, percentile(seconds, 50), percentile(seconds, 99), Arrays.stream(seconds).max().orElse(0), residue, outcomes);
    }

    private static double percentile(double[] sorted, int percent) {
        return sorted.length == 0 ? 0 : sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)];
    }

    private static void await(Child child, Path data, Predicate<Journal> until) throws InterruptedException {
        boolean reached = false;
        while (!reached) {
            if (!child.isAlive()) {
                throw new IllegalStateException("the process to be killed ended before it came so far");
            }
            TimeUnit.MILLISECONDS.sleep(20);
            reached = Files.exists(data.resolve("journal.db")) && with(data, until::test);
        }
    }

    private static <T> T with(Path data, Function<Journal, T> question) {
        SagaConfig config = Settings.parse(Map.of("saga.data.dir", data.toString(), "saga.journal.pool-size", "1"));
        try (Databases.Opened database = Databases.open("journal", config.journal(), data)) {
            return question.apply(new Journal(database.dataSource(), Clock.systemUTC(), "bench"));
        }
    }
}
