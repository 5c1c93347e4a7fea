package dev.streamingsaga.cli;

import dev.streamingsaga.backup.Backup;
import dev.streamingsaga.backup.BackupResult;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Inspection;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "backup",
        mixinStandardHelpOptions = true,
        description = {
            "Writes the embedded journal, stores and bucket of one moment to a new directory.",
            "The instance may run meanwhile. Key files and secrets are not included.",
            "Exit code 0: complete, 1: failed, or objects are missing, 2: refused."
        })
final class BackupCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Parameters(index = "0", paramLabel = "DIR", description = "new directory for the backup, better on another disk")
    Path directory = Path.of("");

    @Override
    public Integer call() {
        SagaConfig config = options.load();
        record(config);
        BackupResult result;
        try (PhaseProgress progress = new PhaseProgress()) {
            result = Backup.create(config, directory, progress::report);
        }
        PrintWriter out = spec.commandLine().getOut();
        if (options.json) {
            out.println(CommonOptions.json(view(result)));
        } else {
            out.println(ConsoleText.count(result.documents(), "document") + " and "
                    + ConsoleText.count(result.unfinished(), "unfinished saga") + " as of " + result.moment() + " in "
                    + result.directory() + " (" + ConsoleText.count(result.files(), "file") + ", "
                    + result.sizeBytes() + " bytes)");
            result.notIncluded().forEach(each -> out.println("not included: " + ConsoleText.safe(each)));
            result.missing()
                    .forEach(each -> out.println("MISSING: " + ConsoleText.safe(each)
                            + " was removed while the backup was written, or is damaged; ./saga verify tells which"));
        }
        return result.missing().isEmpty() ? 0 : 1;
    }

    private void record(SagaConfig config) {
        try (Inspection inspection = ReadAccess.open(config)) {
            inspection.reader().recordBackup(directory.toAbsolutePath());
        }
    }

    private static Map<String, Object> view(BackupResult result) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("directory", result.directory().toString());
        view.put("moment", result.moment().toString());
        view.put("documents", result.documents());
        view.put("unfinished", result.unfinished());
        view.put("files", result.files());
        view.put("sizeBytes", result.sizeBytes());
        view.put("missing", result.missing());
        view.put("notIncluded", result.notIncluded());
        return view;
    }
}
