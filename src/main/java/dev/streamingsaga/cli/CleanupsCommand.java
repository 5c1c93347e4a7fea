package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.journal.CleanupEntry;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(
        name = "cleanups",
        mixinStandardHelpOptions = true,
        description = "Lists the data that compensations could not remove.",
        subcommands = {CleanupsCommand.Retry.class, CleanupsCommand.Resolve.class})
final class CleanupsCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Option(names = "--all", description = "include closed entries")
    boolean all;

    @Override
    public Integer call() {
        SagaConfig config = options.load();
        PrintWriter out = spec.commandLine().getOut();
        try (Inspection inspection = ReadAccess.open(config)) {
            List<CleanupEntry> entries = all
                    ? inspection.reader().allCleanups()
                    : inspection.reader().openCleanups();
            if (entries.isEmpty() && !options.json) {
                out.println("nothing to clean up");
            }
            print(entries);
        }
        return 0;
    }

    static Map<String, Object> view(CleanupEntry e) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", e.cleanupId());
        view.put("sagaId", e.sagaId());
        view.put("documentId", e.documentId());
        view.put("step", e.step());
        view.put("resource", e.resource());
        view.put("status", e.state().name());
        view.put("attempts", e.attempts());
        view.put("lastError", e.lastError());
        view.put("nextAttemptAt", e.nextAttemptAt().toString());
        view.put("resolution", e.resolution());
        return view;
    }

    static void print(PrintWriter out, CleanupEntry e) {
        out.printf(
                "%s  %-8s %s %s%n    saga %s, %s, last error: %s%n    %s%n",
                e.cleanupId(),
                e.state(),
                e.step(),
                e.resource(),
                e.sagaId(),
                ConsoleText.count(e.attempts(), "attempt"),
                ConsoleText.safe(e.lastError()),
                next(e));
    }

    /** What happens next, or what the operator can do. */
    private static String next(CleanupEntry e) {
        return switch (e.state()) {
            case PENDING -> "next attempt at " + e.nextAttemptAt() + "; to retry now: cleanups retry " + e.cleanupId();
            case BLOCKED ->
                "no more automatic attempts: fix the store, then run cleanups retry " + e.cleanupId()
                        + "; or remove the data yourself, then run cleanups resolve " + e.cleanupId() + " --reason WHY";
            case RESOLVED -> "resolved by an operator: " + ConsoleText.safe(e.resolution());
            case DONE -> "removed";
        };
    }

    private void print(List<CleanupEntry> entries) {
        PrintWriter out = spec.commandLine().getOut();
        entries.forEach(e -> {
            if (options.json) {
                out.println(CommonOptions.json(view(e)));
            } else {
                print(out, e);
            }
        });
    }

    @Command(
            name = "retry",
            mixinStandardHelpOptions = true,
            description = "Retries now to remove the data of an entry, and of all other entries of its step.")
    static final class Retry implements Callable<Integer> {
        @ParentCommand
        @Nullable
        CleanupsCommand parent;

        @Parameters(paramLabel = "ID", description = "id of a clean-up entry")
        String id = "";

        /** Exit code 3 while any data of the step remains. */
        @Override
        public Integer call() throws InterruptedException {
            CleanupsCommand cleanups = Objects.requireNonNull(parent);
            SagaConfig config = cleanups.options.load();
            List<CleanupEntry> entries = new OperatorCommandSender(config).retry(id);
            cleanups.print(
                    cleanups.options.json
                            ? entries
                            : entries.stream().filter(e -> e.state().isOpen()).toList());
            if (!cleanups.options.json) {
                long open = entries.stream().filter(e -> e.state().isOpen()).count();
                cleanups.spec
                        .commandLine()
                        .getOut()
                        .println(
                                open == 0
                                        ? "removed all data of the step"
                                        : ConsoleText.count(open, "entry of the step is", "entries of the step are")
                                                + " still open");
                cleanups.printState(config, entries.get(0).sagaId());
            }
            return entries.stream().anyMatch(e -> e.state().isOpen()) ? 3 : 0;
        }
    }

    private void printState(SagaConfig config, String sagaId) {
        try (Inspection inspection = ReadAccess.open(config)) {
            spec.commandLine()
                    .getOut()
                    .println("saga " + sagaId + " is "
                            + inspection.reader().findSaga(sagaId).orElseThrow().state());
        }
    }

    @Command(
            name = "resolve",
            mixinStandardHelpOptions = true,
            description = "Closes an entry whose data you have removed yourself.")
    static final class Resolve implements Callable<Integer> {
        @ParentCommand
        @Nullable
        CleanupsCommand parent;

        @Parameters(paramLabel = "ID", description = "id of a clean-up entry")
        String id = "";

        @Option(names = "--reason", required = true, description = "recorded in the journal")
        String reason = "";

        @Override
        public Integer call() throws InterruptedException {
            CleanupsCommand cleanups = Objects.requireNonNull(parent);
            SagaConfig config = cleanups.options.load();
            List<CleanupEntry> entries = new OperatorCommandSender(config).resolve(id, reason);
            if (cleanups.options.json) {
                cleanups.print(
                        entries.stream().filter(e -> e.cleanupId().equals(id)).toList());
            } else {
                cleanups.spec.commandLine().getOut().println("closed " + id + "; no data was removed");
                cleanups.printState(config, entries.get(0).sagaId());
            }
            return 0;
        }
    }
}
