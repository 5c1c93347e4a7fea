package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.StepRecord;
import dev.streamingsaga.operations.SagaReader;
import dev.streamingsaga.operations.SagaStatus;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        description = "Shows one saga with its steps, or lists sagas, newest first.")
final class StatusCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "SAGA", description = "a saga id")
    @Nullable
    String sagaId;

    @Option(names = "--watch", description = "repeat every second, until interrupted or the saga has its outcome")
    boolean watch;

    @Override
    public Integer call() throws InterruptedException {
        SagaConfig config = options.load();
        try (Inspection inspection = ReadAccess.open(config)) {
            boolean repeat;
            do {
                repeat = print(config, inspection.reader()) && watch;
                if (repeat) {
                    TimeUnit.SECONDS.sleep(1);
                }
            } while (repeat);
        }
        return 0;
    }

    /** The duration of a step; unknown if its process was killed. */
    private static String duration(StepRecord step, SagaRecord saga) {
        return step.endedAt().isPresent()
                ? ConsoleText.time(step.duration())
                : step.startedAt().isPresent() && !saga.state().isFinal() ? "running" : "-";
    }

    private static List<IngestResult.WarningResult> warnings(SagaReader reader, SagaRecord saga) {
        return reader.warnings(saga.sagaId()).stream()
                .map(IngestResult.WarningResult::of)
                .toList();
    }

    /** Prints consecutive equal events as one line. */
    private static void print(PrintWriter out, List<Event> events) {
        for (int i = 0; i < events.size(); ) {
            Event event = events.get(i);
            int next = i + 1;
            while (next < events.size() && isSame(event, events.get(next))) {
                next++;
            }
            String times = next - i == 1
                    ? ""
                    : " (" + (next - i) + " times, last " + events.get(next - 1).at() + ")";
            out.printf(
                    "  %s  %-18s %s%s%n",
                    event.at(),
                    event.kind(),
                    ConsoleText.safe(event.step().isEmpty() ? event.message() : event.step() + ": " + event.message()),
                    times);
            i = next;
        }
    }

    private static boolean isSame(Event one, Event other) {
        return one.kind() == other.kind()
                && one.step().equals(other.step())
                && one.message().equals(other.message());
    }

    /** @return whether the state may still change */
    private boolean print(SagaConfig config, SagaReader reader) {
        PrintWriter out = spec.commandLine().getOut();
        String id = sagaId;
        if (id == null) {
            ListCommand.print(
                    spec.commandLine(),
                    config,
                    reader,
                    new ListCommand.ListRequest(SagaQuery.ALL, ListCommand.LIMIT, options.json));
            return true;
        }
        SagaStatus status = reader.status(id);
        SagaRecord saga = status.saga();
        if (options.json) {
            Map<String, Object> all = new LinkedHashMap<>();
            Optional<Deletion> deletion = reader.findDeletionOfSaga(id);
            all.put("saga", SagaView.of(saga, deletion.map(Deletion::state)));
            deletion.ifPresent(found -> all.put("deletion", reader.view(found)));
            all.put("attempts", reader.attempts(saga).stream().map(SagaView::of).toList());
            all.put(
                    "steps",
                    status.steps().stream()
                            .map(s -> Map.of(
                                    "name",
                                    s.name(),
                                    "state",
                                    s.state().name(),
                                    "millis",
                                    s.duration().toMillis()))
                            .toList());
            all.put("warnings", warnings(reader, saga));
            all.put(
                    "events",
                    status.events().stream()
                            .map(e -> Map.of(
                                    "at",
                                    e.at().toString(),
                                    "kind",
                                    e.kind().name(),
                                    "step",
                                    e.step(),
                                    "message",
                                    e.message()))
                            .toList());
            all.put(
                    "cleanups",
                    status.cleanups().stream().map(CleanupsCommand::view).toList());
            out.println(CommonOptions.json(all));
        } else {
            List<SagaRecord> one = List.of(saga);
            ListCommand.print(out, config, new ListCommand.Listed(one, ListCommand.deletions(reader, one)), false);
            List<SagaRecord> attempts = reader.attempts(saga);
            if (attempts.size() > 1) {
                attempts.forEach(attempt -> out.printf(
                        "  attempt %d  %s  %-21s %s  %s%n",
                        attempt.delivery().attempt(),
                        attempt.sagaId(),
                        attempt.state(),
                        attempt.receivedAt(),
                        attempt.reason().map(Enum::name).orElse("")));
            }
            saga.runningNode().ifPresent(node -> out.println("  on node " + ConsoleText.safe(node)));
            status.steps().forEach(s -> out.printf("  %-12s %-12s %9s%n", s.name(), s.state(), duration(s, saga)));
            ConsoleText.warnings(out, warnings(reader, saga));
            print(out, status.events());
            status.cleanups().forEach(c -> CleanupsCommand.print(out, c));
        }
        return !saga.state().isFinal() || saga.delivery().isPending();
    }
}
