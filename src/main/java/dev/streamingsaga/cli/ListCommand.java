package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.ingest.SourcePaths;
import dev.streamingsaga.journal.SagaCounts;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.operations.SagaReader;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "list", mixinStandardHelpOptions = true, description = "Lists sagas, newest first.")
final class ListCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    static final int LIMIT = 100;

    @Option(
            names = "--attention",
            description = "only sagas that need an operator: paused, with residue, with blocked clean-ups,"
                    + " or with documents that do not become visible")
    boolean attention;

    @Option(
            names = "--limit",
            defaultValue = "" + LIMIT,
            description = "maximum number of sagas (default: ${DEFAULT-VALUE})")
    int limit;

    @Option(names = "--watch", description = "repeat every second, until interrupted")
    boolean watch;

    @Override
    public Integer call() throws InterruptedException {
        SagaConfig config = options.load();
        try (Inspection inspection = ReadAccess.open(config)) {
            print(config, inspection.reader());
            while (watch) {
                TimeUnit.SECONDS.sleep(1);
                spec.commandLine().getOut().println();
                print(config, inspection.reader());
            }
        }
        return 0;
    }

    private void print(SagaConfig config, SagaReader reader) {
        SagaQuery query = attention ? SagaQuery.ALL.needingAttention() : SagaQuery.ALL;
        print(spec.commandLine(), config, reader, new ListRequest(query, limit, options.json));
    }

    record ListRequest(SagaQuery query, int limit, boolean json) {}

    /** Prints sagas, and on standard error the total number, so that the list is not mistaken for a complete one. */
    static void print(CommandLine command, SagaConfig config, SagaReader reader, ListRequest request) {
        List<SagaRecord> sagas = reader.list(request.query(), request.limit()).sagas();
        SagaCounts counts = reader.counts();
        boolean attention = request.query().attention();
        long total = attention ? counts.attention() : counts.all();
        if (attention && sagas.isEmpty() && !request.json()) {
            command.getOut().println("no saga needs attention");
        } else {
            print(command.getOut(), config, sagas, request.json());
        }
        if (total > sagas.size()) {
            command.getErr()
                    .println("saga: showing " + ConsoleText.count(sagas.size(), "saga") + " of "
                            + String.format(Locale.ROOT, "%,d", total) + "; list --limit N shows more");
        }
        if (!attention && counts.attention() > 0) {
            command.getErr()
                    .println("saga: " + ConsoleText.count(counts.attention(), "saga needs", "sagas need")
                            + " attention; list --attention shows " + (counts.attention() == 1 ? "it" : "them"));
        }
    }

    static void print(PrintWriter out, SagaConfig config, List<SagaRecord> sagas, boolean json) {
        if (!json && sagas.isEmpty()) {
            out.println("no sagas yet");
        }
        for (SagaRecord saga : sagas) {
            if (json) {
                out.println(CommonOptions.json(SagaView.of(saga)));
            } else {
                out.printf(
                        "%s  %-21s %-10s %s%s%n",
                        saga.sagaId(),
                        saga.state(),
                        saga.document()
                                .map(d -> ConsoleText.size(d.sizeBytes()))
                                .orElse("-"),
                        ConsoleText.safe(SourcePaths.shown(config, saga)),
                        saga.reason()
                                        .map(reason -> "  " + reason)
                                        .or(() -> saga.waiting()
                                                .map(waiting -> "  " + ConsoleText.safe(waiting.reason())))
                                        .orElse("")
                                + (saga.needsNewerVersion() ? "  needs a newer version" : ""));
            }
        }
    }
}
