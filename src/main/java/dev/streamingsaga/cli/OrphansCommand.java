package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.recovery.Orphan;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "orphans",
        mixinStandardHelpOptions = true,
        description = {
            "Lists stored data that no saga in the journal owns.",
            "Exit code 0: no orphan remains, 1: orphans remain, 4: a store is unreachable.",
            "Foreign keys below the prefix are listed, but do not count."
        })
final class OrphansCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Option(names = "--delete", description = "delete orphans older than saga.orphans.min-age")
    boolean delete;

    private long remaining;
    private long deleted;
    private boolean unreachable;

    @Override
    public Integer call() {
        SagaConfig config = options.load();
        if (delete) {
            DataDirectorySetup.prepare(config);
            try (Application application = Application.startWithoutRecovery(config)) {
                application.operator().deleteOrphans(this::print);
            }
        } else {
            try (Inspection inspection = ReadAccess.openAll(config)) {
                inspection.reader().listOrphans(this::print);
            }
        }
        if (!options.json) {
            spec.commandLine().getOut().println(summary(config));
        }
        return unreachable ? Main.UNREACHABLE : remaining > 0 ? 1 : 0;
    }

    private String summary(SagaConfig config) {
        String unchecked = unreachable ? "; a store is unreachable, there may be more" : "";
        if (delete) {
            return ConsoleText.countOrNone(deleted, "orphan") + " deleted"
                    + (remaining == 0 ? "" : ", " + ConsoleText.count(remaining, "orphan") + " remaining") + unchecked;
        }
        return ConsoleText.countOrNone(remaining, "orphan") + " found, nothing deleted" + unchecked
                + (remaining == 0
                        ? ""
                        : "; --delete deletes orphans older than saga.orphans.min-age ("
                                + config.operation()
                                        .orphans()
                                        .minAge()
                                        .toString()
                                        .substring(2)
                                        .toLowerCase(Locale.ROOT) + ")");
    }

    private void print(Orphan orphan) {
        unreachable |= orphan.kind() == Orphan.OrphanKind.UNREACHABLE;
        remaining += orphan.kind() == Orphan.OrphanKind.ORPHAN && !orphan.deleted() ? 1 : 0;
        deleted += orphan.deleted() ? 1 : 0;
        PrintWriter out = spec.commandLine().getOut();
        if (options.json) {
            out.println(CommonOptions.json(view(orphan)));
        } else {
            out.printf(
                    "%-11s %-10s %s  (%s, %s)%n    %s%s%n",
                    orphan.deleted() ? "DELETED" : orphan.kind(),
                    orphan.store(),
                    ConsoleText.safe(orphan.resource()),
                    ConsoleText.count(orphan.pieces(), "piece"),
                    orphan.writtenAt().map(at -> "written " + at).orElse("age unknown"),
                    ConsoleText.safe(orphan.reason()),
                    orphan.kept().isEmpty() ? "" : "; kept: " + ConsoleText.safe(orphan.kept()));
        }
    }

    private static Map<String, Object> view(Orphan orphan) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("store", orphan.store());
        view.put("sagaId", orphan.sagaId());
        view.put("documentId", orphan.documentId());
        view.put("kind", orphan.kind().name());
        view.put("resource", orphan.resource());
        view.put("pieces", orphan.pieces());
        view.put("writtenAt", orphan.writtenAt().map(Instant::toString).orElse(null));
        view.put("reason", orphan.reason());
        view.put("kept", orphan.kept());
        view.put("deleted", orphan.deleted());
        return view;
    }
}
