package dev.streamingsaga.cli;

import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.DocumentVersion;
import dev.streamingsaga.operations.SagaReader;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "versions",
        mixinStandardHelpOptions = true,
        description = "Lists the versions of a document, newest first; fetch --version returns those that are kept.")
final class VersionsCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "DOCUMENT", description = "a document id")
    String documentId = "";

    @Option(
            names = "--limit",
            defaultValue = "100",
            description = "maximum number of versions (default: ${DEFAULT-VALUE})")
    int limit;

    @Override
    public Integer call() {
        if (limit < 1) {
            throw new UsageException("--limit must be 1 or more, was " + limit);
        }
        try (Inspection inspection = ReadAccess.open(options.load())) {
            SagaReader reader = inspection.reader();
            List<DocumentVersion> versions = reader.versions(documentId, Integer.MAX_VALUE, limit);
            PrintWriter out = spec.commandLine().getOut();
            for (DocumentVersion version : versions) {
                out.println(options.json ? CommonOptions.json(version.facts()) : line(version));
            }
        }
        return 0;
    }

    private static String line(DocumentVersion version) {
        Document document = version.saga().document().orElseThrow();
        return String.format(
                Locale.ROOT,
                "%6d  %-7s  %-10s  %s  %s  saga %s  SHA-256 %s",
                version.number(),
                version.status(),
                ConsoleText.size(document.sizeBytes()),
                document.receivedAt(),
                ConsoleText.safe(document.fileName()),
                document.sagaId(),
                document.sha256());
    }
}
