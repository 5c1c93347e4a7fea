package dev.streamingsaga.bench;

import ai.onnxruntime.OrtException;
import dev.streamingsaga.bench.Ratio.Measurement;
import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.content.Resumption;
import dev.streamingsaga.content.TextContent;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.source.DocumentSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Measures how much of the speed of a bare model remains: in the embedding of the same segments ({@code TEXT-model}),
 * in the step {@code vector}, which reads, splits, embeds and stores a text ({@code TEXT-pipeline}), and in a whole
 * ingest ({@code TEXT-ingest}). A ratio of 1 is the speed of the bare model. Each round measures all of them, in
 * alternating order, after a round that is not counted.
 */
public final class TextBench {
    private final Path directory;
    private final int chars;
    private final Consumer<String> progress;

    private final List<Measurement> bare = new ArrayList<>();
    private final List<Measurement> model = new ArrayList<>();
    private final List<Measurement> pipeline = new ArrayList<>();
    private final List<Measurement> ingest = new ArrayList<>();

    /**
     * @param directory deleted afterwards
     * @param chars length of the text
     * @param progress receives progress messages
     */
    public TextBench(Path directory, int chars, Consumer<String> progress) {
        this.directory = directory;
        this.chars = chars;
        this.progress = progress;
    }

    /** The ratios by name. */
    public Map<String, Ratio> run(int rounds) throws IOException {
        SagaConfig config =
                Settings.parse(Map.of("saga.data.dir", directory.resolve("data").toString()));
        Path original = Prose.write(directory.resolve("original.txt"), chars, 1);
        StoreWriteTimes vectorStore = new StoreWriteTimes(config.direct(RouteNames.STORE_PREFIX + StoreNames.VECTOR));
        try (TextContent content = TextContent.create(
                        config.documents().content(), config.servers().embedding(), directory.resolve("spool"));
                BareModel bareModel = new BareModel();
                Application application = Application.start(config)) {
            List<String> segments = segments(content, original);
            application.camelContext().getManagementStrategy().addEventNotifier(vectorStore);
            for (int i = 0; i <= rounds; i++) {
                Path file = Files.createLink(directory.resolve("run-" + i + ".txt"), original);
                List<Runnable> measurements = new ArrayList<>(List.of(
                        () -> bare.add(time(() -> bareModel.embed(segments))),
                        () -> model.add(time(() -> content.embedder().embed(segments))),
                        () -> {
                            ingest.add(time(() -> ingest(application, file)));
                            pipeline.add(vectorStore.last());
                        }));
                if (i % 2 != 0) {
                    Collections.reverse(measurements);
                }
                measurements.forEach(Runnable::run);
                report(i, rounds, segments.size());
            }
        } catch (OrtException e) {
            throw new IOException("the model cannot be opened", e);
        } finally {
            BenchFiles.delete(directory);
        }
        return ratios();
    }

    private static List<String> segments(TextContent content, Path file) {
        List<String> segments = new ArrayList<>();
        DocumentSource source = DocumentSource.of(file);
        content.embed(
                source,
                content.contentType(source),
                new Resumption(0, Long.MAX_VALUE),
                batch -> batch.forEach(each -> segments.add(each.segment().text())),
                (pagesDone, pagesTotal, segmentsDone) -> {});
        return segments;
    }

    private static Measurement time(Stopwatch.Action action) {
        try {
            return Stopwatch.time(action);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void ingest(Application application, Path file) {
        IngestResult result = application.bundle().operator().ingest(file);
        if (!result.status().equals("COMPLETED")) {
            throw new IllegalStateException("the measured ingest did not complete: " + result.message());
        }
    }

    private void report(int round, int rounds, int segments) {
        progress.accept(String.format(
                Locale.ROOT,
                "round %d of %d, %d segments: bare model %s, our embedder %s, step vector %s, ingest %s%s",
                round,
                rounds,
                segments,
                text(bare.get(round)),
                text(model.get(round)),
                text(pipeline.get(round)),
                text(ingest.get(round)),
                round == 0 ? " (warm-up, not counted)" : ""));
    }

    private static String text(Measurement measured) {
        return String.format(Locale.ROOT, "%.2f s (CPU %.2f s)", measured.seconds(), measured.cpuSeconds());
    }

    private Map<String, Ratio> ratios() {
        Map<String, Ratio> ratios = new LinkedHashMap<>();
        ratios.put("TEXT-model", ratio(model));
        ratios.put("TEXT-pipeline", ratio(pipeline));
        ratios.put("TEXT-ingest", ratio(ingest));
        return ratios;
    }

    private Ratio ratio(List<Measurement> ours) {
        return Ratio.ofSpeed(ours.subList(1, ours.size()), bare.subList(1, bare.size()));
    }
}
