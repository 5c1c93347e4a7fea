package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.operations.SagaReader;
import dev.streamingsaga.store.VectorSearch;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "search",
        mixinStandardHelpOptions = true,
        description = "Finds the nearest segments of completed documents, by meaning and by words.")
final class SearchCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "TEXT", description = "text to find")
    List<String> words = List.of();

    @Option(
            names = "--limit",
            defaultValue = "10",
            description = "maximum number of segments (default: ${DEFAULT-VALUE})")
    int limit;

    @Override
    public Integer call() {
        SagaConfig config = options.load();
        try (Inspection inspection = ReadAccess.open(config)) {
            SagaReader reader = inspection.reader();
            try {
                print(reader.search(String.join(" ", words), limit));
            } catch (IllegalArgumentException e) {
                throw new UsageException(String.valueOf(e.getMessage()));
            }
            reader.foreignModels()
                    .forEach((model, count) -> spec.commandLine()
                            .getErr()
                            .println("saga: "
                                    + ConsoleText.count(count, "segment was", "segments were") + " embedded by " + model
                                    + " and can only be found by words; to find "
                                    + (count == 1 ? "it" : "them") + " by meaning, ingest the "
                                    + (count == 1 ? "document" : "documents") + " again"));
        }
        return 0;
    }

    private void print(List<VectorSearch.Hit> hits) {
        PrintWriter out = spec.commandLine().getOut();
        if (hits.isEmpty() && !options.json) {
            out.println("nothing found");
        }
        if (!options.json && hits.stream().anyMatch(VectorSearch.Hit::weak)) {
            out.println("no good match; the nearest by meaning, which may have nothing to do with it:");
        }
        for (VectorSearch.Hit hit : hits) {
            if (options.json) {
                out.println(CommonOptions.json(hit));
            } else {
                out.printf(
                        "%s, page %d  (%s, %.3f; document %s)%n    %s%n",
                        ConsoleText.safe(hit.fileName()),
                        hit.page(),
                        hit.how(),
                        hit.score(),
                        hit.documentId(),
                        excerpt(hit.text()));
            }
        }
    }

    private static String excerpt(String text) {
        String line = ConsoleText.safe(text.replaceAll("\\s+", " "));
        return line.length() > 300 ? line.substring(0, 299) + "…" : line;
    }
}
