package dev.streamingsaga.crash;

import dev.streamingsaga.crash.CrashMatrix.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** The result table: phase × kind, points, runs, kills, violations, and the time until all sagas were final again. */
final class MatrixReport {
    private MatrixReport() {}

    static void print(Result result, int done, int of) {
        if (!result.violations().isEmpty()) {
            System.out.println("VIOLATION " + result.kill().seed() + " "
                    + result.kill().when() + " " + result.kill().point()
                    + "\n  outcome " + result.outcome() + "\n  " + String.join("\n  ", result.violations())
                    + "\n  replay: -Dcrash.replay=" + result.kill().seed());
        } else if (done % 25 == 0) {
            System.out.println("crash matrix: " + done + " of " + of);
        }
    }

    static String table(Map<Phase, List<Point>> points, List<Result> results) {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                "%-13s %-12s %7s %6s %8s %6s %10s %10s %8s",
                "phase", "kind", "points", "runs", "reached", "deaths", "violations", "median ms", "p99 ms"));
        points.forEach((phase, found) -> {
            Map<String, Long> kinds = new TreeMap<>();
            found.forEach(point -> kinds.merge(point.kind(), 1L, Long::sum));
            kinds.forEach((kind, count) -> lines.add(line(
                    phase.name(),
                    kind,
                    count,
                    select(
                            results,
                            r -> r.kill().phase() == phase
                                    && r.kill().point().kind().equals(kind)))));
            lines.add(line(
                    phase.name(),
                    "all",
                    found.size(),
                    select(results, r -> r.kill().phase() == phase)));
        });
        lines.add(
                line("all", "all", points.values().stream().mapToInt(List::size).sum(), results));
        return String.join("\n", lines);
    }

    private static List<Result> select(List<Result> results, Predicate<Result> which) {
        return results.stream().filter(which).toList();
    }

    private static String line(String phase, String kind, long points, List<Result> results) {
        List<Long> millis = results.stream()
                .map(Result::millis)
                .filter(m -> m >= 0)
                .sorted()
                .toList();
        return String.format(
                Locale.ROOT,
                "%-13s %-12s %7d %6d %8d %6d %10d %10d %8d",
                phase,
                kind,
                points,
                results.size(),
                results.stream().filter(Result::reached).count(),
                results.stream().mapToInt(Result::deaths).sum(),
                results.stream().filter(r -> !r.violations().isEmpty()).count(),
                percentile(millis, 50),
                percentile(millis, 99));
    }

    /** Nearest rank. */
    private static long percentile(List<Long> sorted, int percent) {
        return sorted.isEmpty() ? 0 : sorted.get(Math.max(0, (sorted.size() * percent + 99) / 100 - 1));
    }
}
