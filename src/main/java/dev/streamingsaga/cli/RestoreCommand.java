package dev.streamingsaga.cli;

import dev.streamingsaga.backup.Restore;
import dev.streamingsaga.backup.RestoreResult;
import dev.streamingsaga.config.SagaConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "restore",
        mixinStandardHelpOptions = true,
        description = {
            "Restores a backup into the data directory, and compares every file with its hash.",
            "Sagas that were unfinished at the moment of the backup are PAUSED.",
            "Exit code 0: restored, 1: failed, or the backup misses objects, 2: refused."
        })
final class RestoreCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    Source source = new Source();

    static final class Source {
        @Parameters(index = "0", paramLabel = "DIR", description = "a directory that ./saga backup has written")
        @Nullable
        Path directory;

        @Option(
                names = "--pause-unfinished",
                description = "only pause the unfinished sagas of a journal that was restored on its own server;"
                        + " before the first node starts")
        boolean pauseUnfinished;
    }

    @Option(names = "--replace", description = "move an existing data directory aside first; it is kept")
    boolean replace;

    @Override
    public Integer call() {
        SagaConfig config = options.load();
        Logs.toStandardError();
        if (source.directory == null) {
            return pauseUnfinished(config);
        }
        RestoreResult result;
        try (PhaseProgress progress = new PhaseProgress()) {
            result = Restore.run(config, source.directory, replace, progress::report);
        }
        PrintWriter out = spec.commandLine().getOut();
        if (options.json) {
            out.println(CommonOptions.json(view(result)));
        } else {
            out.println(ConsoleText.count(result.documents(), "document") + " as of " + result.moment()
                    + " restored to " + result.dataDir());
            result.replaced().ifPresent(aside -> out.println("the former data directory is " + aside));
            result.elsewhere().forEach(each -> out.println("not in the backup: " + ConsoleText.safe(each)));
            result.missing().forEach(each -> out.println("MISSING in the backup: " + ConsoleText.safe(each)));
            printPaused(result.paused());
            out.println("next: ./saga verify --all, then ./saga orphans");
        }
        return result.missing().isEmpty() ? 0 : 1;
    }

    private int pauseUnfinished(SagaConfig config) {
        ReadAccess.require(config);
        List<String> paused = Restore.pauseUnfinished(config);
        if (options.json) {
            spec.commandLine().getOut().println(CommonOptions.json(Map.of("paused", paused)));
        } else {
            printPaused(paused);
            spec.commandLine().getOut().println(ConsoleText.countOrNone(paused.size(), "saga") + " paused");
        }
        return 0;
    }

    private void printPaused(List<String> sagas) {
        sagas.forEach(saga -> spec.commandLine()
                .getOut()
                .println("PAUSED: " + saga
                        + " was unfinished; ./saga resume continues it, ./saga cancel compensates it"));
    }

    private static Map<String, Object> view(RestoreResult result) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("dataDir", result.dataDir().toString());
        view.put("moment", result.moment().toString());
        view.put("documents", result.documents());
        view.put("paused", result.paused());
        view.put("missing", result.missing());
        view.put("notIncluded", result.elsewhere());
        view.put("replaced", result.replaced().map(Path::toString).orElse(null));
        return view;
    }
}
