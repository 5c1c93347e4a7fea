package dev.streamingsaga.content;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.embedding.EmbeddedSegment;
import dev.streamingsaga.embedding.Segment;
import dev.streamingsaga.source.DocumentSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Creates content with the real model and reads files with it. */
public final class ContentFixture {
    private ContentFixture() {}

    public static SagaConfig config(String... keysAndValues) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            values.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return Settings.parse(values);
    }

    public static TextContent content(Path spool, String... keysAndValues) {
        SagaConfig config = config(keysAndValues);
        return TextContent.create(config.documents().content(), config.servers().embedding(), spool);
    }

    public record Read(List<EmbeddedSegment> segments, Outline outline, List<String> progress) {
        public List<String> texts() {
            return segments.stream().map(segment -> segment.segment().text()).toList();
        }

        String page(int page) {
            return String.join(
                    " ",
                    segments.stream()
                            .map(EmbeddedSegment::segment)
                            .filter(segment -> segment.page() == page)
                            .map(Segment::text)
                            .toList());
        }
    }

    public static Read read(TextContent content, Path file) {
        return read(content, file, 0);
    }

    public static Read read(TextContent content, Path file, int firstOrdinal) {
        List<EmbeddedSegment> segments = new ArrayList<>();
        List<String> progress = new ArrayList<>();
        DocumentSource source = DocumentSource.of(file);
        Outline outline = content.embed(
                source,
                content.contentType(source),
                new Resumption(firstOrdinal, Long.MAX_VALUE),
                segments::addAll,
                (pagesDone, pagesTotal, segmentsDone) ->
                        progress.add(pagesDone + "/" + pagesTotal + ":" + segmentsDone));
        return new Read(segments, outline, progress);
    }

    public static double cosine(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }
}
