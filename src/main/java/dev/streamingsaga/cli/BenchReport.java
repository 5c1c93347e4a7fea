package dev.streamingsaga.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;

/** Prints results of benchmarks by name: ratios of times as a table, other figures one by one. */
final class BenchReport {
    private static final String ROW = "%-28s %7s %7s %7s %7s %7s %6s %7s %9s %9s %9s %9s%n";
    private static final List<String> RATIO = List.of(
            "median",
            "min",
            "lowerQuartile",
            "upperQuartile",
            "max",
            "pairs",
            "cpuMedian",
            "oursSeconds",
            "theirsSeconds",
            "oursCpuSeconds",
            "theirsCpuSeconds");

    private final ObjectNode results;

    BenchReport(ObjectNode results) {
        this.results = results;
    }

    private static String machine() {
        return Runtime.getRuntime().availableProcessors() + " processors, Java "
                + Runtime.version().feature() + ", " + System.getProperty("os.name") + " "
                + System.getProperty("os.arch");
    }

    void json(PrintWriter out) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("machine", machine());
        answer.put("ratios", results);
        out.println(CommonOptions.json(answer));
    }

    void text(PrintWriter out) {
        out.printf(
                ROW,
                "",
                "median",
                "min",
                "q1",
                "q3",
                "max",
                "pairs",
                "by CPU",
                "ours",
                "theirs",
                "our CPU",
                "their CPU");
        ratios((name, cells) -> out.printf(ROW, cells));
        others((name, figure) -> out.println(name + " " + figure.getKey() + ": " + figure.getValue()));
    }

    /** Tables for the documentation. */
    void markdown(PrintWriter out) {
        out.println("| ratio | median | min | q1 | q3 | max | pairs | by CPU | ours | theirs | our CPU | their CPU |");
        out.println("|---|---|---|---|---|---|---|---|---|---|---|---|");
        ratios((name, cells) -> out.printf("| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |%n", cells));
        out.println();
        out.println("| | figure | value |");
        out.println("|---|---|---|");
        others((name, figure) -> out.printf("| %s | %s | %s |%n", name, figure.getKey(), figure.getValue()));
        out.println();
        out.println("Machine: " + machine());
    }

    private void ratios(BiConsumer<String, Object[]> row) {
        for (Map.Entry<String, JsonNode> each : results.properties()) {
            if (each.getValue().has("median")) {
                row.accept(each.getKey(), cells(each.getKey(), each.getValue()));
            }
        }
    }

    private void others(BiConsumer<String, Map.Entry<String, JsonNode>> line) {
        for (Map.Entry<String, JsonNode> each : results.properties()) {
            each.getValue().properties().stream()
                    .filter(figure -> !each.getValue().has("median") || !RATIO.contains(figure.getKey()))
                    .forEach(figure -> line.accept(each.getKey(), figure));
        }
    }

    private static Object[] cells(String name, JsonNode ratio) {
        Object[] cells = new Object[RATIO.size() + 1];
        cells[0] = name;
        for (int i = 0; i < RATIO.size(); i++) {
            cells[i + 1] = cell(RATIO.get(i), ratio.path(RATIO.get(i)).asDouble());
        }
        return cells;
    }

    private static String cell(String field, double value) {
        if (field.equals("pairs")) {
            return String.valueOf((int) value);
        }
        boolean seconds = field.endsWith("Seconds");
        if (value == 0) {
            return "-"; // not measured
        }
        return String.format(Locale.ROOT, seconds ? "%.2f s" : "%.3f", value);
    }
}
