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

/** What people read. */
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
        times(r.compensationErrors())
                .forEach((error, n) ->
                        out.println("  not undone: " + safe(error) + (n == 1 ? "" : " (" + n + " times)")));
    }

    /**
     * Prints what state a saga is in now.
     *
     * @param done what the command did; not printed as JSON
     * @return the state as an exit code
     */
    static int outcome(CommandLine command, SagaConfig config, SagaRecord saga, String done, boolean json) {
        ListCommand.print(command.getOut(), config, List.of(saga), json);
        if (!json) {
            command.getOut().println(done);
        }
        return exitCode(saga.state());
    }

    /** Equal texts once, with how often, in the order in which they came first. */
    static Map<String, Long> times(List<String> texts) {
        return texts.stream().collect(Collectors.groupingBy(text -> text, LinkedHashMap::new, Collectors.counting()));
    }

    /** {@code 1 chunk}, {@code 10,000 chunks}. */
    static String some(long n, String one) {
        return some(n, one, one + "s");
    }

    static String some(long n, String one, String many) {
        return String.format(Locale.ROOT, "%,d %s", n, n == 1 ? one : many);
    }

    /** {@code 3 orphans}, {@code no orphan}. */
    static String someOrNo(long n, String one) {
        return n == 0 ? "no " + one : some(n, one);
    }

    static String time(Duration time) {
        return time.toMillis() < 1000
                ? time.toMillis() + " ms"
                : String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1000.0);
    }

    static int exitCode(SagaState state) {
        return switch (state) {
            case COMPLETED, PAUSED -> 0;
            case PARTIALLY_COMPENSATED -> 3;
            default -> 1;
        };
    }

    /** Control characters of a file name must not reach a terminal. */
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
