package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.ingest.SourcePaths;
import dev.streamingsaga.journal.DeletionState;
import dev.streamingsaga.journal.Delivery;
import dev.streamingsaga.journal.SagaCount;
import dev.streamingsaga.journal.SagaCounts;
import dev.streamingsaga.journal.SagaPage;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.WarningTally;
import dev.streamingsaga.operations.SagaReader;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
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

    @Mixin
    ListFilter filter = new ListFilter();

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
        print(spec.commandLine(), config, reader, new ListRequest(filter.query(), limit, options.json));
    }

    record ListRequest(SagaQuery query, int limit, boolean json) {}

    /** Prints sagas, and on standard error the total number, so that the list is not mistaken for a complete one. */
    static void print(CommandLine command, SagaConfig config, SagaReader reader, ListRequest request) {
        SagaQuery query = request.query();
        List<SagaRecord> sagas = list(reader, query, request.limit());
        if (query.attention() && sagas.isEmpty() && !request.json()) {
            command.getOut().println("no saga needs attention");
        } else if (!query.isEverySaga() && sagas.isEmpty() && !request.json()) {
            command.getOut().println("no saga matches");
        } else {
            print(command.getOut(), config, new Listed(sagas, deletions(reader, sagas)), request.json());
        }
        SagaCounts counts = reader.counts();
        SagaCount total = query.isEverySaga() ? new SagaCount(counts.sagas(), true) : reader.count(query);
        if (total.all() > sagas.size()) {
            command.getErr()
                    .println("saga: showing " + ConsoleText.count(sagas.size(), "saga") + " of "
                            + String.format(Locale.ROOT, "%,d", total.all()) + (total.complete() ? "" : " or more")
                            + "; list --limit N shows more");
        }
        if (!query.attention() && counts.attention() > 0) {
            command.getErr()
                    .println("saga: " + ConsoleText.count(counts.attention(), "saga needs", "sagas need")
                            + " attention; list --attention shows " + (counts.attention() == 1 ? "it" : "them"));
        }
    }

    /** A page scans a limited number of sagas, so several may be needed. */
    private static List<SagaRecord> list(SagaReader reader, SagaQuery query, int limit) {
        List<SagaRecord> sagas = new ArrayList<>();
        Optional<SagaQuery> page = Optional.of(query);
        while (page.isPresent() && sagas.size() < limit) {
            SagaQuery current = page.get();
            SagaPage found = reader.list(current, limit - sagas.size());
            sagas.addAll(found.sagas());
            page = found.next().map(current::next);
        }
        return sagas;
    }

    /** @param deletions see {@link SagaReader#deletionStates} */
    record Listed(List<SagaRecord> sagas, Map<String, DeletionState> deletions) {}

    static Map<String, DeletionState> deletions(SagaReader reader, List<SagaRecord> sagas) {
        return reader.deletionStates(sagas.stream().map(SagaRecord::sagaId).toList());
    }

    static void print(PrintWriter out, SagaConfig config, Listed listed, boolean json) {
        List<SagaRecord> sagas = listed.sagas();
        int maxAttempts = config.operation().maxDeliveries();
        if (!json && sagas.isEmpty()) {
            out.println("no sagas yet");
        }
        for (SagaRecord saga : sagas) {
            String attempt = attempt(saga, maxAttempts);
            Optional<DeletionState> deletion =
                    Optional.ofNullable(listed.deletions().get(saga.sagaId()));
            if (json) {
                out.println(CommonOptions.json(SagaView.of(saga, deletion)));
            } else {
                out.printf(
                        "%s  %-21s %-10s %s%s%s%n",
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
                                + deletion.map(state -> "  deleted"
                                                + (state == DeletionState.DELETED ? "" : " (" + state + ")"))
                                        .orElse("")
                                + warnings(saga)
                                + (saga.needsNewerVersion() ? "  needs a newer version" : ""),
                        attempt.isEmpty() ? "" : "  " + attempt);
            }
        }
    }

    private static String warnings(SagaRecord saga) {
        WarningTally warnings = saga.warnings();
        return warnings.count() == 0
                ? ""
                : "  " + ConsoleText.count(warnings.count(), "warning") + " (" + String.join(", ", warnings.codes())
                        + ")";
    }

    /** Which attempt to deliver its document a saga is, and what follows; empty for the only one. */
    static String attempt(SagaRecord saga, int maxAttempts) {
        Delivery delivery = saga.delivery();
        if (delivery.attempt() == 1 && delivery.redelivery().isEmpty()) {
            return "";
        }
        String next = delivery.redelivery()
                .map(redelivery -> switch (redelivery) {
                    case DUE ->
                        ", next at " + delivery.next().map(Object::toString).orElse("");
                    case AFTER_CLEANUP -> ", next when its residue is removed";
                    case STARTED -> ", delivered again";
                    case REPLACED -> ", replaced by another saga";
                    case CANCELLED -> ", redelivery cancelled";
                    case GIVEN_UP -> ", given up";
                })
                .orElse("");
        return "attempt " + delivery.attempt() + " of " + Math.max(maxAttempts, delivery.attempt()) + next;
    }
}
