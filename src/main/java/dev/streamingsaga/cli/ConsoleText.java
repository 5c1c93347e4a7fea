package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.intake.PrintableText;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine;

/** Formats output for people. */
final class ConsoleText {
    private ConsoleText() {}

    static void result(PrintWriter out, IngestResult r) {
        out.printf(
                Locale.ROOT,
                "%-22s %s  (%s, %.1f s)%n",
                r.status(),
                safe(r.file()),
                r.sizeBytes() == null ? "size unknown" : size(r.sizeBytes()),
                r.durationMillis() / 1000.0);
        out.printf("  saga %s%s%n", r.sagaId(), r.documentId() == null ? "" : "  document " + r.documentId());
        if (r.reason() != null) {
            out.printf("  %s: %s%n", r.reason(), safe(String.valueOf(r.message())));
        }
        if (!r.stores().isEmpty()) {
            out.println("  stores: "
                    + r.stores().entrySet().stream()
                            .map(e -> e.getKey() + " " + e.getValue())
                            .collect(Collectors.joining(", ")));
        }
        warnings(out, r.warnings());
        occurrences(r.compensationErrors())
                .forEach((error, n) ->
                        out.println("  not removed: " + safe(error) + (n == 1 ? "" : " (" + n + " times)")));
    }

    /** Prints each warning with its place and code. */
    static void warnings(PrintWriter out, List<IngestResult.WarningResult> warnings) {
        if (warnings.isEmpty()) {
            return;
        }
        out.println("  " + count(warnings.size(), "warning") + ":");
        for (IngestResult.WarningResult warning : warnings) {
            String place = warning.place().isEmpty() ? "" : warning.place() + ": ";
            out.println("    " + safe(place + warning.message()) + " (" + safe(warning.code()) + ")");
        }
    }

    /**
     * Prints the current state of a saga.
     *
     * @param summary what the command did; not printed with {@code --json}
     * @return the exit code for the state
     */
    static int outcome(CommandLine command, SagaConfig config, SagaRecord saga, String summary, boolean json) {
        ListCommand.print(command.getOut(), config, new ListCommand.Listed(List.of(saga), Map.of()), json);
        if (!json) {
            command.getOut().println(summary);
        }
        return exitCode(saga.state());
    }

    /** The number of occurrences of each text, in order of first occurrence. */
    static Map<String, Long> occurrences(List<String> texts) {
        return texts.stream().collect(Collectors.groupingBy(text -> text, LinkedHashMap::new, Collectors.counting()));
    }

    /** {@code 1 chunk}, {@code 10,000 chunks}. */
    static String count(long n, String one) {
        return count(n, one, one + "s");
    }

    static String count(long n, String one, String many) {
        return String.format(Locale.ROOT, "%,d %s", n, n == 1 ? one : many);
    }

    /** {@code 3 orphans}, {@code no orphan}. */
    static String countOrNone(long n, String one) {
        return n == 0 ? "no " + one : count(n, one);
    }

    static String time(Duration time) {
        return time.toMillis() < 1000
                ? time.toMillis() + " ms"
                : String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1000.0);
    }

    /** @param strict whether a document with warnings counts as a failure */
    static int exitCode(IngestResult result, boolean strict) {
        int code = exitCode(SagaState.valueOf(result.status()));
        return code == 0 && strict && !result.warnings().isEmpty() ? 1 : code;
    }

    static int exitCode(SagaState state) {
        return switch (state) {
            case COMPLETED, PAUSED -> 0;
            case PARTIALLY_COMPENSATED -> 3;
            default -> 1;
        };
    }

    /** Removes control characters, for instance of file names, which must not reach a terminal. */
    static String safe(String text) {
        return PrintableText.line(text);
    }

    static String size(long bytes) {
        return bytes < 1_000_000
                ? bytes + " B"
                : bytes < 1_000_000_000
                        ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
                        : String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }
}
