package dev.streamingsaga.bench;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.ChunkRow.ChunkState;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.Event.EventKind;
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
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What a kill costs. R4: a file killed at half its upload and resumed, against the same file ingested fresh. Both from
 * the moment when the saga (re)starts to its outcome, as the journal has them: the start of the process, the same for
 * both, is left out; both run in a process that has just started and that read nothing of the file before. R5: many
 * open sagas killed, and the time from the restart of the process, its start included, until each has its outcome.
 */
public final class RestartBench {
    private final Path directory;
    private final Consumer<String> progress;

    public RestartBench(Path directory, Consumer<String> progress) {
        this.directory = directory;
        this.progress = progress;
    }

    /**
     * R4.
     *
     * @param bytesSentAgain the most that any resume sent of chunks that the killed process had begun to send
     * @param bytesInFlight of the chunks that were on their way at that kill: more is never sent again
     */
    public record Resume(@JsonUnwrapped Ratio time, long bytesSentAgain, long bytesInFlight) {}

    /**
     * R5.
     *
     * @param seconds until all were final, process start included
     * @param residue clean-up entries that are open, what bucket and stores hold that no saga owns, and what they lack
     *     or hold otherwise of a completed one
     * @param notResumed why sagas were compensated, with how many
     */
    public record Restart(
            int open,
            double p50,
            double p99,
            double seconds,
            int residue,
            Map<SagaState, Long> outcomes,
            Map<String, Long> notResumed) {}

    /** Of chunks that a killed process has begun to send, and of those whose answer it never saw. */
    private record Sent(long begunBytes, long inFlightBytes) {
        static Sent of(Journal journal) {
            List<ChunkRow> chunks = journal.chunks(only(journal).sagaId());
            return new Sent(
                    chunks.stream()
                            .filter(c -> c.state() != ChunkState.PENDING)
                            .mapToLong(ChunkRow::sizeBytes)
                            .sum(),
                    chunks.stream()
                            .filter(c -> c.state() == ChunkState.SENDING)
                            .mapToLong(ChunkRow::sizeBytes)
                            .sum());
        }
    }

    /** R4, pair by pair; which of the two comes first alternates. */
    public Resume resume(long sizeBytes, int pairs) throws IOException, InterruptedException {
        List<Ratio.Run> resumed = new ArrayList<>();
        List<Ratio.Run> fresh = new ArrayList<>();
        long sentAgain = 0;
        long inFlight = 0;
        for (int i = 0; i < pairs; i++) {
            Path file = BenchFiles.write(directory.resolve("killed-" + i + ".bin"), sizeBytes, i);
            Path data = directory.resolve("killed-" + i);
            Sent before = killAtHalf(file, data);
            if (i % 2 == 0) {
                fresh.add(ingest(file, directory.resolve("fresh-" + i)));
            }
            resumed.add(ingest(file, data));
            if (i % 2 != 0) {
                fresh.add(ingest(file, directory.resolve("fresh-" + i)));
            }
            long again =
                    before.begunBytes() - with(data, journal -> only(journal).resumedBytes());
            if (again > before.inFlightBytes()) {
                throw new IllegalStateException(again + " bytes were sent again, though only " + before.inFlightBytes()
                        + " were on their way when the process was killed");
            }
            if (again >= sentAgain) {
                sentAgain = again;
                inFlight = before.inFlightBytes();
            }
            progress.accept(String.format(
                    Locale.ROOT,
                    "R4 pair %d of %d: resumed %.2f s, fresh %.2f s; %.1f MB sent again, %.1f MB were on their way at the kill",
                    i + 1,
                    pairs,
                    resumed.get(i).seconds(),
                    fresh.get(i).seconds(),
                    again / 1e6,
                    before.inFlightBytes() / 1e6));
            BenchFiles.delete(data);
            BenchFiles.delete(directory.resolve("fresh-" + i));
            BenchFiles.delete(file);
        }
        return new Resume(Ratio.of(resumed, fresh), sentAgain, inFlight);
    }

    private Sent killAtHalf(Path file, Path data) throws IOException, InterruptedException {
        try (BenchProcess first = BenchProcess.start(
                directory.resolve("first.json"), "ingest", file.toString(), "--data", data.toString(), "--json")) {
            await(first, data, journal -> journal.sagas(1).stream().anyMatch(saga -> half(journal, saga)));
            first.kill();
        }
        return with(data, Sent::of);
    }

    private static boolean half(Journal journal, SagaRecord saga) {
        return saga.document()
                .filter(d -> journal.chunksSent(saga.sagaId()) * 2 >= d.chunkCount())
                .isPresent();
    }

    private static SagaRecord only(Journal journal) {
        return journal.sagas(1).get(0);
    }

    private Ratio.Run ingest(Path file, Path data) throws IOException, InterruptedException {
        Path answer = directory.resolve("answer.json");
        try (BenchProcess child =
                BenchProcess.start(answer, "ingest", file.toString(), "--data", data.toString(), "--json")) {
            child.await();
        }
        JsonNode result = new ObjectMapper().readTree(answer.toFile());
        if (!result.path("status").asText().equals("COMPLETED")) {
            throw new IllegalStateException("the ingest to be measured did not complete: "
                    + result.path("message").asText());
        }
        progress.accept("  steps: " + steps(result));
        return new Ratio.Run(with(data, journal -> seconds(journal, only(journal))), 0);
    }

    private static String steps(JsonNode result) {
        StringJoiner steps = new StringJoiner(", ");
        result.get("steps")
                .forEach(step -> steps.add(
                        step.get("name").asText() + " " + step.get("millis").asLong() + " ms"));
        return steps.toString();
    }

    /** From the last time the saga was received or resumed to its outcome. */
    private static double seconds(Journal journal, SagaRecord saga) {
        Instant began = journal.events(saga.sagaId()).stream()
                .filter(event ->
                        event.kind() == EventKind.STATE && event.message().startsWith("RESUMED"))
                .map(Event::at)
                .max(Comparator.naturalOrder())
                .orElse(saga.receivedAt());
        return Duration.between(began, saga.finishedAt().orElseThrow()).toMillis() / 1000.0;
    }

    /** R5. */
    public Restart restart(int sagas) throws IOException, InterruptedException {
        Path data = directory.resolve("open");
        List<String> args = new ArrayList<>(
                List.of("ingest", "--data", data.toString(), "-D", "saga.concurrency=" + sagas, "--json"));
        for (int i = 0; i < sagas; i++) {
            args.add(BenchFiles.write(directory.resolve("open-" + i + ".bin"), 1_000_000, i)
                    .toString());
        }
        try (BenchProcess child = BenchProcess.start(directory.resolve("open.json"), args.toArray(String[]::new))) {
            await(
                    child,
                    data,
                    journal -> journal.unfinished().size() >= sagas * 9 / 10
                            && journal.sagas(sagas).size() == sagas);
            child.kill();
        }
        int open = with(data, journal -> journal.unfinished().size());
        progress.accept("R5: killed with " + open + " of " + sagas + " sagas open");
        Instant restarted = Instant.now();
        try (BenchProcess child = BenchProcess.start(
                directory.resolve("start.out"), "start", "--data", data.toString(), "-D", "saga.http.port=0")) {
            await(child, data, journal -> journal.unfinished().isEmpty());
        }
        List<SagaRecord> ended = with(data, journal -> journal.sagas(sagas));
        double[] seconds = ended.stream()
                .flatMap(saga -> saga.finishedAt().stream())
                .filter(restarted::isBefore)
                .mapToDouble(end -> Duration.between(restarted, end).toMillis() / 1000.0)
                .sorted()
                .toArray();
        Map<SagaState, Long> outcomes =
                ended.stream().collect(Collectors.groupingBy(SagaRecord::state, Collectors.counting()));
        int residue = with(data, journal -> (int) journal.counts().openCleanups())
                + found(data, "orphans")
                + found(data, "verify", "--all", "--deep");
        Map<String, Long> notResumed = ended.stream()
                .filter(saga -> saga.state() != SagaState.COMPLETED)
                .collect(Collectors.groupingBy(RestartBench::why, Collectors.counting()));
        BenchFiles.delete(data);
        return new Restart(
                open,
                percentile(seconds, 50),
                percentile(seconds, 99),
                Arrays.stream(seconds).max().orElse(0),
                residue,
                outcomes,
                notResumed);
    }

    /** Lines that a command finds to say of bucket and stores: none if all is well. */
    private int found(Path data, String... command) throws IOException, InterruptedException {
        Path answer = directory.resolve(command[0] + ".json");
        List<String> args = new ArrayList<>(List.of(command));
        args.addAll(List.of("--data", data.toString(), "--json"));
        try (BenchProcess child = BenchProcess.start(answer, args.toArray(String[]::new))) {
            int exit = child.await();
            List<String> lines = Files.readAllLines(answer);
            if (exit != 0 && lines.isEmpty()) {
                throw new IllegalStateException(String.join(" ", command) + " failed with exit code " + exit);
            }
            lines.forEach(progress);
            return lines.size();
        }
    }

    private static String why(SagaRecord saga) {
        return saga.reason().map(reason -> reason + ": ").orElse("")
                + saga.message().replace(saga.sagaId(), "ID") + " (run " + saga.run()
                + (saga.document().isPresent() ? ")" : ", no document yet)");
    }

    private static double percentile(double[] sorted, int percent) {
        return sorted.length == 0 ? 0 : sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)];
    }

    private static void await(BenchProcess child, Path data, Predicate<Journal> until) throws InterruptedException {
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
        try (Databases.OpenDatabase database = Databases.open("journal", config.journal(), data)) {
            return question.apply(new Journal(database.dataSource(), Clock.systemUTC(), "bench"));
        }
    }
}
