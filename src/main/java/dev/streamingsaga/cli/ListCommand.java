package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.SourcePaths;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "list", mixinStandardHelpOptions = true, description = "Sagas, newest first.")
final class ListCommand implements Callable<Integer> {
    @Mixin CommonOptions options = new CommonOptions();
    @Spec CommandSpec spec;

    @Option(names = "--limit", defaultValue = "100", description = "how many (default: ${DEFAULT-VALUE})")
    int limit;

    @Option(names = "--watch", description = "again every second, until interrupted")
    boolean watch;

    @Override
    public Integer call() throws InterruptedException {
        SagaConfig config = options.load();
        try (JournalReader reader = new JournalReader(config)) {
            print(reader.journal());
            while (watch) {
                TimeUnit.SECONDS.sleep(1);
                spec.commandLine().getOut().println();
                print(reader.journal());
            }
        }
        return 0;
    }

    private void print(Journal journal) {
        print(spec.commandLine().getOut(), journal.sagas(limit), options.json);
    }

    static void print(PrintWriter out, List<SagaRecord> sagas, boolean json) {
        if (!json && sagas.isEmpty()) {
            out.println("no sagas yet");
        }
        for (SagaRecord saga : sagas) {
            if (json) {
                out.println(CommonOptions.json(SagaView.of(saga)));
            } else {
                out.printf("%s  %-21s %-10s %s%s%n", saga.sagaId(), saga.state(),
                        saga.document().map(d -> Texts.size(d.sizeBytes())).orElse("-"), Texts.safe(SourcePaths.shown(saga)),
                        saga.reason().map(r -> "  " + r).orElse(""));
            }
        }
    }
}
