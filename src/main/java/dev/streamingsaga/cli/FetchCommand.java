package dev.streamingsaga.cli;

import dev.streamingsaga.chunk.FetchResult;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.operations.SagaReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "fetch", description = "Reassembles the original of a completed document and verifies every chunk.")
final class FetchCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "DOCUMENT", description = "a document id")
    String documentId = "";

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            required = true,
            description = "file to write; must not exist without --force")
    @Nullable
    Path output;

    @Option(
            names = "--version",
            paramLabel = "N",
            description = "an older version that is kept; versions lists them (default: the current one)")
    @Nullable
    Integer version;

    // Without the standard options: their --version would be another one.
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help message and exit.")
    boolean help;

    @Option(names = "--force", description = "replace an existing file")
    boolean force;

    @Override
    public Integer call() throws IOException {
        SagaConfig config = options.load();
        Path target = java.util.Objects.requireNonNull(output).toAbsolutePath();
        if (Files.exists(target) && !force) {
            throw new UsageException(target + " exists; choose another -o, or overwrite it with --force");
        }
        try (Inspection inspection = ReadAccess.open(config)) {
            SagaReader reader = inspection.reader();
            SagaRecord saga = version == null ? reader.document(documentId) : reader.version(documentId, version);
            FetchResult fetched = reader.fetch(saga, target);
            Document document = saga.document().orElseThrow();
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("documentId", documentId);
            answer.put("version", reader.versionNumber(saga.sagaId()));
            answer.put("file", target.toString());
            answer.put("fileName", document.fileName());
            answer.put("sizeBytes", fetched.sizeBytes());
            answer.put("sha256", fetched.sha256());
            spec.commandLine()
                    .getOut()
                    .println(
                            options.json
                                    ? CommonOptions.json(answer)
                                    : ConsoleText.safe(target.toString()) + ": " + ConsoleText.size(fetched.sizeBytes())
                                            + ", SHA-256 " + fetched.sha256() + " verified");
        }
        return 0;
    }
}
