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
        description = {
            "Finds the best matching segments of completed documents, by meaning and by words.",
            "Text \"in quotes\" is found word for word; file:*.pdf, type:pdf, owner:NAME, after:2026-01-31 and"
                    + " before:2026 select documents."
        })
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

    @Option(names = "--offset", defaultValue = "0", description = "number of hits to skip (default: ${DEFAULT-VALUE})")
    int offset;

    @Override
    public Integer call() {
        SagaConfig config = options.load();
        try (Inspection inspection = ReadAccess.open(config)) {
            SagaReader reader = inspection.reader();
            try {
                print(reader.search(String.join(" ", words), offset, limit));
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

    private void print(VectorSearch.Page page) {
        PrintWriter out = spec.commandLine().getOut();
        if (options.json) {
            page.hits().forEach(hit -> out.println(CommonOptions.json(hit)));
            return;
        }
        if (page.hits().isEmpty()) {
            out.println(page.total() == 0 ? "nothing found" : "no more hits");
        }
        if (page.hits().stream().anyMatch(VectorSearch.Hit::weak)) {
            out.println("no good match; the nearest by meaning, which may have nothing to do with it:");
        }
        SearchExcerpt excerpt =
                new SearchExcerpt(spec.commandLine().getColorScheme().ansi().enabled());
        for (VectorSearch.Hit hit : page.hits()) {
            out.printf(
                    "%s%s, page %d  (%s, %.3f; document %s)%n    %s%n",
                    ConsoleText.safe(hit.fileName()),
                    hit.part().isEmpty() ? "" : " › " + ConsoleText.safe(hit.part()),
                    hit.partPage(),
                    hit.how(),
                    hit.score(),
                    hit.documentId(),
                    excerpt.of(hit));
        }
        if (page.hasMore()) {
            out.printf(
                    "%d of %d hits; more: --offset %d%n",
                    page.hits().size(),
                    page.total(),
                    page.offset() + page.hits().size());
        }
    }
}
