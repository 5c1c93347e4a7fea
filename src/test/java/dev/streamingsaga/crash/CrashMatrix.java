package dev.streamingsaga.crash;

import dev.streamingsaga.crash.ChildJvm.End;
import dev.streamingsaga.crash.Oracle.Finding;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Phases × side effects × before and after: kills the process at each point, once or twice, restarts it, and lets the
 * {@link Oracle} check the result. The side effects are recorded from an undisturbed run, so there is no list of them
 * to maintain.
 */
final class CrashMatrix {
    private static final int AGAIN_EVERY = 5;

    private final Path source;
    private final Oracle oracle;
    private final List<Lane> lanes = new ArrayList<>();
    private final Map<Phase, List<Point>> points = new EnumMap<>(Phase.class);

    /** @param lanes number of concurrent processes */
    CrashMatrix(Path directory, int lanes) throws IOException {
        this.source = source(Files.createDirectories(directory).resolve("lighthouse.txt"));
        this.oracle = new Oracle(source);
        for (int i = 0; i < lanes; i++) {
            this.lanes.add(new Lane(directory.resolve("lane-" + i), source));
        }
    }

    /** Two chunks; the text within the limit of characters has a few segments. */
    private static Path source(Path file) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; text.length() < (5 << 20) + 1000; i++) {
            text.append("Sentence number ")
                    .append(i)
                    .append(" tells of the lighthouse keeper and his ")
                    .append(i)
                    .append(" gulls.\n");
        }
        return Files.writeString(file, text);
    }

    Lane lane() {
        return lanes.get(0);
    }

    /** The result of one kill. */
    record Result(Kill kill, boolean reached, int deaths, long millis, String outcome, List<String> violations) {}

    /**
     * Runs each wanted phase, and always the first one, once without a kill, to record its side effects and the counts
     * of a complete document.
     */
    void record(Predicate<Phase> wanted) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(lanes.size());
        try {
            List<Future<?>> recorded = new ArrayList<>();
            BlockingQueue<Lane> free = new LinkedBlockingQueue<>(lanes);
            // The last phases first: they take longest to prepare.
            List<Phase> phases = new ArrayList<>(Stream.of(Phase.values())
                    .filter(wanted.or(Phase.FIRST::equals))
                    .toList());
            Collections.reverse(phases);
            for (Phase phase : phases) {
                recorded.add(pool.submit(() -> {
                    Lane lane = free.take();
                    record(lane, phase);
                    free.put(lane);
                    return null;
                }));
            }
            for (Future<?> future : recorded) {
                future.get();
            }
            List<Point> others = points.get(Phase.FIRST);
            points.computeIfPresent(
                    Phase.DROP,
                    (phase, found) -> found.stream()
                            .filter(point -> !others.contains(point))
                            .toList());
            points.computeIfPresent(
                    Phase.SEALED,
                    (phase, found) -> found.stream()
                            .filter(point -> !others.contains(point)
                                    || point.kind().equals("s3")
                                    || point.what().contains("chunk"))
                            .toList());
        } finally {
            pool.shutdownNow();
        }
    }

    private void record(Lane lane, Phase phase) throws Exception {
        Path data = lane.prepare(phase);
        List<Point> found = lane.record(phase, data);
        synchronized (points) {
            points.put(phase, found);
            if (phase == Phase.FIRST) {
                oracle.learn(data);
            }
        }
        Lane.remove(data);
    }

    Map<Phase, List<Point>> points() {
        return points;
    }

    /**
     * All kills: each point of each phase, after and before it; alternates SIGKILL and halt, and kills every fifth one
     * twice in a row. The state after one side effect is the state before the next, unless other threads are active. So
     * the first half of the list covers every state once, and the second half covers it again.
     */
    List<Kill> all() {
        List<Kill> kills = new ArrayList<>(all(false));
        kills.addAll(all(true));
        return kills;
    }

    private List<Kill> all(boolean before) {
        List<Kill> kills = new ArrayList<>();
        points.forEach((phase, found) -> {
            for (int i = 0; i < found.size(); i++) {
                kills.add(kill(phase, i, before, kills.size() * 2 + (before ? 0 : 1)));
            }
        });
        return spread(kills);
    }

    /** Reorders the list, so that any prefix of it covers all phases and kinds. */
    private static List<Kill> spread(List<Kill> kills) {
        List<Kill> spread = new ArrayList<>();
        int step = 1 + (int) (kills.size() * 0.618);
        while (BigInteger.valueOf(step).gcd(BigInteger.valueOf(kills.size())).intValue() > 1) {
            step++;
        }
        for (int i = 0; i < kills.size(); i++) {
            spread.add(kills.get((int) ((long) i * step % kills.size())));
        }
        return spread;
    }

    /** A fixed sample across phases and kinds: the same number for each phase, and each kind at least once. */
    List<Kill> sample(int size) {
        List<Kill> kills = new ArrayList<>();
        int share = Math.max(1, size / points.size());
        Set<String> missing = kinds();
        points.forEach((phase, found) -> {
            List<String> kinds = new ArrayList<>(
                    new TreeSet<>(found.stream().map(Point::kind).toList()));
            for (int i = 0; i < share; i++) {
                int turn = phase.ordinal() * share + i;
                kills.add(kill(phase, pick(found, kinds.get(turn % kinds.size()), turn), turn % 2 == 0, turn));
            }
        });
        kills.forEach(kill -> missing.remove(kill.point().kind()));
        for (String kind : missing) {
            Phase phase = points.keySet().stream()
                    .filter(p -> points.get(p).stream()
                            .anyMatch(point -> point.kind().equals(kind)))
                    .reduce((first, later) -> later)
                    .orElseThrow();
            kills.add(kill(phase, pick(points.get(phase), kind, kills.size()), kills.size() % 2 == 0, kills.size()));
        }
        return kills;
    }

    Set<String> kinds() {
        Set<String> kinds = new TreeSet<>();
        points.values().forEach(found -> found.forEach(point -> kinds.add(point.kind())));
        return kinds;
    }

    /** Picks a point of the kind; each turn picks another one. */
    private static int pick(List<Point> found, String kind, int turn) {
        List<Integer> candidates = new ArrayList<>();
        for (int i = 0; i < found.size(); i++) {
            if (found.get(i).kind().equals(kind)) {
                candidates.add(i);
            }
        }
        return candidates.get(turn * 7 % candidates.size());
    }

    private Kill kill(Phase phase, int number, boolean before, int turn) {
        int again = turn % AGAIN_EVERY == AGAIN_EVERY - 1 ? 1 + turn * 11 % 40 : 0;
        return new Kill(phase, points.get(phase).get(number), before, turn / 2 % 2 == 0, again);
    }

    /** The kill that a violation printed. */
    Kill replay(String seed) {
        String[] parts = seed.split(":");
        Phase phase = Phase.valueOf(parts[0]);
        Point wanted = points.get(phase).stream()
                .filter(point -> point.id().equals(parts[1]))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(seed + " is no longer a point of " + phase));
        return new Kill(
                phase,
                wanted,
                parts[2].equals("before"),
                parts.length < 4 || parts[3].equals("sigkill"),
                parts.length < 5 ? 0 : Integer.parseInt(parts[4]));
    }

    /** @param until no kill starts after this time */
    List<Result> run(List<Kill> kills, Instant until) throws InterruptedException, ExecutionException {
        BlockingQueue<Kill> open = new LinkedBlockingQueue<>(kills);
        List<Result> results = Collections.synchronizedList(new ArrayList<>());
        ExecutorService pool = Executors.newFixedThreadPool(lanes.size());
        try {
            List<Future<?>> workers = new ArrayList<>();
            for (Lane lane : lanes) {
                workers.add(pool.submit(() -> {
                    for (Kill kill = open.poll(); kill != null && Instant.now().isBefore(until); kill = open.poll()) {
                        Result result = run(lane, kill);
                        results.add(result);
                        MatrixReport.print(result, results.size(), kills.size());
                    }
                    return null;
                }));
            }
            for (Future<?> worker : workers) {
                worker.get();
            }
            return results;
        } finally {
            pool.shutdownNow();
        }
    }

    private Result run(Lane lane, Kill kill) throws Exception {
        Phase phase = kill.phase();
        Path data = lane.prepare(phase);
        End first = lane.run(data, properties(kill, data, kill.point().text(), kill.before()), phase.work);
        boolean reached = first.killed();
        int deaths = reached ? 1 : 0;
        if (kill.again() > 0
                && lane.run(data, properties(kill, data, "#" + kill.again(), !kill.before()), phase.after)
                        .killed()) {
            deaths++;
        }
        End last = lane.run(data, phase.settings(data), phase.after);
        Finding finding = phase == Phase.VERSION
                ? oracle.checkVersions(data)
                : phase == Phase.DELETE
                        ? oracle.checkDeleted(data)
                        : oracle.check(data, phase.outcome, phase.mayLeaveNoSaga());
        List<String> violations = new ArrayList<>(finding.violations());
        if (phase == Phase.DROP) {
            violations.addAll(oracle.checkDropped(data));
        }
        if (last.exit() != 0) {
            violations.add(
                    0,
                    "the restarted process did not finish the saga (exit " + last.exit() + ", see " + last.log() + ")");
        }
        if (violations.isEmpty()) {
            Lane.remove(data);
        } else {
            violations.add("data directory kept: " + data + ", logs beside it");
        }
        return new Result(kill, reached, deaths, last.millis(), finding.outcome(), violations);
    }

    private static Map<String, String> properties(Kill kill, Path data, String at, boolean before) {
        Map<String, String> properties = new HashMap<>(kill.phase().settings(data));
        properties.put("crash.at", at);
        properties.put("crash.when", before ? "before" : "after");
        properties.put("crash.how", kill.how());
        return properties;
    }
}
