package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.journal.CleanupEntry;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "cleanups", mixinStandardHelpOptions = true, description = "What compensations could not remove.",
        subcommands = {CleanupsCommand.Retry.class, CleanupsCommand.Resolve.class})
final class CleanupsCommand implements Callable<Integer> {
    @Mixin CommonOptions options = new CommonOptions();
    @Spec CommandSpec spec;

    @Option(names = "--all", description = "closed entries too")
    boolean all;

    @Override
    public Integer call() {
        SagaConfig config = options.load();
        PrintWriter out = spec.commandLine().getOut();
        try (JournalReader reader = new JournalReader(config)) {
            List<CleanupEntry> entries = reader.journal().cleanups().all().stream().filter(e -> all || e.state().isOpen()).toList();
            if (entries.isEmpty() && !options.json) {
                out.println("nothing to clean up");
            }
            entries.forEach(e -> {
                if (options.json) {
                    out.println(CommonOptions.json(view(e)));
                } else {
                    print(out, e);
                }
            });
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
        out.printf("%s  %-8s %s %s%n    saga %s, %d attempt(s), last error: %s%n", e.cleanupId(), e.state(), e.step(), e.resource(),
                e.sagaId(), e.attempts(), Texts.safe(e.lastError()));
    }

    private static CleanupEntry find(Application application, String id) {
        return application.bundle().journal().cleanups().find(id).filter(e -> e.state().isOpen())
                .orElseThrow(() -> new UsageException("no open clean-up entry " + id + "; cleanups lists them"));
    }

    @Command(name = "retry", mixinStandardHelpOptions = true, description = "Tries to remove it again, now.")
    static final class Retry implements Callable<Integer> {
        @Mixin CommonOptions options = new CommonOptions();
        @Spec CommandSpec spec;

        @Parameters(paramLabel = "ID")
        String id = "";

        @Override
        public Integer call() {
            SagaConfig config = options.load();
            Workplace.prepare(config.dataDir());
            try (Application application = Application.startWithoutRecovery(config)) {
                CleanupEntry entry = find(application, id);
                List<CleanupEntry> open = application.bundle().engine().retry(entry);
                String state = application.bundle().journal().saga(entry.sagaId()).orElseThrow().state().name();
                PrintWriter out = spec.commandLine().getOut();
                open.forEach(e -> print(out, e));
                out.println("saga " + entry.sagaId() + " is " + state);
                return open.isEmpty() ? 0 : 3;
            }
        }
    }

    @Command(name = "resolve", mixinStandardHelpOptions = true, description = "Closes an entry that you have dealt with yourself.")
    static final class Resolve implements Callable<Integer> {
        @Mixin CommonOptions options = new CommonOptions();
        @Spec CommandSpec spec;

        @Parameters(paramLabel = "ID")
        String id = "";

        @Option(names = "--reason", required = true, description = "why; kept in the journal")
        String reason = "";

        @Override
        public Integer call() {
            SagaConfig config = options.load();
            Workplace.prepare(config.dataDir());
            try (Application application = Application.startWithoutRecovery(config)) {
                application.bundle().engine().resolve(find(application, id), reason);
                spec.commandLine().getOut().println("resolved " + id);
                return 0;
            }
        }
    }
}
