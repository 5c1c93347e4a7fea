package dev.streamingsaga.cli;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.intake.Shown;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine;

/** What people read. */
final class Texts {
    private Texts() {}

    static void result(PrintWriter out, IngestResult r) {
        out.printf(Locale.ROOT, "%-22s %s  (%s, %.1f s)%n", r.status(), safe(r.file()),
                r.sizeBytes() == null ? "size unknown" : size(r.sizeBytes()), r.durationMillis() / 1000.0);
        out.printf("  saga %s%s%n", r.sagaId(), r.documentId() == null ? "" : "  document " + r.documentId());
        if (r.reason() != null) {
            out.printf("  %s: %s%n", r.reason(), safe(String.valueOf(r.message())));
        }
        if (!r.stores().isEmpty()) {
            out.println("  stores: " + r.stores().entrySet().stream().map(e -> e.getKey() + " " + e.getValue())
                    .collect(Collectors.joining(", ")));
        }
        r.compensationErrors().forEach(error -> out.println("  not undone: " + safe(error)));
    }

    /** Prints where a saga has come to, and says it as an exit code. */
    static int outcome(CommandLine command, SagaRecord saga, boolean json) {
        ListCommand.print(command.getOut(), List.of(saga), json);
        return exitCode(saga.state());
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
        return Shown.line(text);
    }

    static String size(long bytes) {
        return bytes < 1_000_000 ? bytes + " B" : bytes < 1_000_000_000 ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
                : String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }
}
