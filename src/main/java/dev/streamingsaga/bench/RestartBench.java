package dev.streamingsaga.bench;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.access.AccessLimit;
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
 * Measures the cost of a kill.
 *
 * <p>R4 kills an ingest at half its upload and resumes it, and compares that with a new ingest of the same file. Both
 * are measured from the (re)start of the saga to its outcome, by the times in the journal. The start of the process is
 * not included. Both run in a process that has just started and has not read the file before.
 *
 * <p>R5 kills a process with many open sagas and measures the time until each has its outcome, including the restart of
 * the process.
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
     * @param bytesSentAgain the maximum, over all pairs, of the bytes sent again of chunks whose upload had begun
     *     before the kill
     * @param bytesInFlight bytes of the chunks in flight at that kill, the upper limit of {@code bytesSentAgain}
     */
    public record Resume(@JsonUnwrapped Ratio time, long bytesSentAgain, long bytesInFlight) {}

    /**
     * R5.
     *
     * @param seconds until all sagas had their outcome, including the start of the process
     * @param residue the number of open clean-up entries, of stored objects that no saga owns, and of differences
     *     between completed documents and their stored data
     * @param notResumed the number of compensated sagas by cause
     */
    public record Restart(
            int open,
            double p50,
            double p99,
            double seconds,
            int residue,
            Map<SagaState, Long> outcomes,
            Map<String, Long> notResumed) {}

    /** Bytes of the chunks whose upload had begun at a kill, and of those without a response by then. */
    private record Sent(long begunBytes, long inFlightBytes) {
        static Sent of(Journal journal) {
            List<ChunkRow> chunks = journal.chunks().all(onlySaga(journal).sagaId());
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

    /** Measures R4 pair by pair, with alternating order. */
    public Resume resume(long sizeBytes, int pairs) throws IOException, InterruptedException {
        List<Ratio.Measurement> resumed = new ArrayList<>();
        List<Ratio.Measurement> fresh = new ArrayList<>();
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
            long again = before.begunBytes()
                    - queryJournal(data, journal -> onlySaga(journal).resumedBytes());
            if (again > before.inFlightBytes()) {
                throw new IllegalStateException(again + " bytes were sent again, although only "
                        + before.inFlightBytes() + " were in flight when the process was killed");
            }
            if (again >= sentAgain) {
                sentAgain = again;
                inFlight = before.inFlightBytes();
            }
            progress.accept(String.format(
                    Locale.ROOT,
                    "R4 pair %d of %d: resumed %.2f s, new %.2f s; %.1f MB sent again, %.1f MB in flight at the kill",
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
            await(
                    first,
                    data,
                    journal -> journal.sagas().newest(1).stream().anyMatch(saga -> isHalfUploaded(journal, saga)));
            first.kill();
        }
        return queryJournal(data, Sent::of);
    }

    private static boolean isHalfUploaded(Journal journal, SagaRecord saga) {
        return saga.document()
                .filter(d -> journal.chunks().sent(saga.sagaId()) * 2 >= d.chunkCount())
                .isPresent();
    }

    private static SagaRecord onlySaga(Journal journal) {
        return journal.sagas().newest(1).get(0);
    }

    private Ratio.Measurement ingest(Path file, Path data) throws IOException, InterruptedException {
        Path answer = directory.resolve("answer.json");
        try (BenchProcess child =
                BenchProcess.start(answer, "ingest", file.toString(), "--data", data.toString(), "--json")) {
            child.await();
        }
        JsonNode result = new ObjectMapper().readTree(answer.toFile());
        if (!result.path("status").asText().equals("COMPLETED")) {
            throw new IllegalStateException("the measured ingest did not complete: "
                    + result.path("message").asText());
        }
        progress.accept("  steps: " + steps(result));
        return new Ratio.Measurement(queryJournal(data, journal -> seconds(journal, onlySaga(journal))), 0);
    }

    private static String steps(JsonNode result) {
        StringJoiner steps = new StringJoiner(", ");
        result.get("steps")
                .forEach(step -> steps.add(
                        step.get("name").asText() + " " + step.get("millis").asLong() + " ms"));
        return steps.toString();
    }

    /** The time from the saga's last start or resumption to its outcome. */
    private static double seconds(Journal journal, SagaRecord saga) {
        Instant began = journal.events().of(saga.sagaId()).stream()
                .filter(event ->
                        event.kind() == EventKind.STATE && event.message().startsWith("RESUMED"))
                .map(Event::at)
                .max(Comparator.naturalOrder())
                .orElse(saga.receivedAt());
        return Duration.between(began, saga.finishedAt().orElseThrow()).toMillis() / 1000.0;
    }

    /** Measures R5. */
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
                    journal -> journal.sagas().unfinished().size() >= sagas * 9 / 10
                            && journal.sagas().newest(sagas).size() == sagas);
            child.kill();
        }
        int open = queryJournal(data, journal -> journal.sagas().unfinished().size());
        progress.accept("R5: killed with " + open + " of " + sagas + " sagas open");
        Instant restarted = Instant.now();
        try (BenchProcess child = BenchProcess.start(
                directory.resolve("start.out"), "start", "--data", data.toString(), "-D", "saga.http.port=0")) {
            await(child, data, journal -> journal.sagas().unfinished().isEmpty());
        }
        List<SagaRecord> ended = queryJournal(data, journal -> journal.sagas().newest(sagas));
        double[] seconds = ended.stream()
                .flatMap(saga -> saga.finishedAt().stream())
                .filter(restarted::isBefore)
                .mapToDouble(end -> Duration.between(restarted, end).toMillis() / 1000.0)
                .sorted()
                .toArray();
        Map<SagaState, Long> outcomes =
                ended.stream().collect(Collectors.groupingBy(SagaRecord::state, Collectors.counting()));
        int residue = queryJournal(data, journal ->
                        (int) journal.pages().counts(AccessLimit.NONE).openCleanups())
                + countFindings(data, "orphans")
                + countFindings(data, "verify", "--all", "--deep");
        Map<String, Long> notResumed = ended.stream()
                .filter(saga -> saga.state() != SagaState.COMPLETED)
                .collect(Collectors.groupingBy(RestartBench::cause, Collectors.counting()));
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

    /** The number of findings that {@code orphans} or {@code verify} prints. */
    private int countFindings(Path data, String... command) throws IOException, InterruptedException {
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

    private static String cause(SagaRecord saga) {
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
                throw new IllegalStateException("the process to be killed ended too early");
            }
            TimeUnit.MILLISECONDS.sleep(20);
            reached = Files.exists(data.resolve("journal.db")) && queryJournal(data, until::test);
        }
    }

    private static <T> T queryJournal(Path data, Function<Journal, T> query) {
        SagaConfig config = Settings.parse(Map.of("saga.data.dir", data.toString(), "saga.journal.pool-size", "1"));
        try (Databases.OpenDatabase database =
                Databases.open("journal", config.servers().journal(), data)) {
            return query.apply(new Journal(database.dataSource(), Clock.systemUTC(), "bench"));
        }
    }
}
