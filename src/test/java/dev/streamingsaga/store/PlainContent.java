package dev.streamingsaga.store;

import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.content.Outline;
import dev.streamingsaga.content.Resumption;
import dev.streamingsaga.embedding.EmbeddedSegment;
import dev.streamingsaga.embedding.Embedder;
import dev.streamingsaga.embedding.Segment;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.source.DocumentSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Reads text files: pages are divided by form feeds, segments are lines. Counts how often it was called. */
final class PlainContent implements DocumentContent {
    static final int BATCH = 4;

    final AtomicInteger outlined = new AtomicInteger();
    final List<Integer> firstOrdinals = new ArrayList<>();
    volatile Embedder embedder;
    volatile Runnable beforeBatch = () -> {};
    volatile int batch = BATCH;
    volatile String segmentation = "lines";
    volatile UnaryOperator<Segment> placement = segment -> segment;
    volatile UnaryOperator<String> language = text -> "";

    PlainContent(Embedder embedder) {
        this.embedder = embedder;
    }

    @Override
    public String contentType(DocumentSource source) {
        return "text/plain";
    }

    @Override
    public Outline embed(
            DocumentSource source,
            String contentType,
            Resumption resumption,
            Consumer<List<EmbeddedSegment>> sink,
            ProgressListener progress) {
        int firstOrdinal = resumption.firstOrdinal();
        firstOrdinals.add(firstOrdinal);
        List<Segment> segments = segments(source).stream()
                .filter(s -> s.ordinal() >= firstOrdinal)
                .toList();
        Outline outline = read(source);
        for (int from = 0; from < segments.size(); from += batch) {
            List<Segment> some = segments.subList(from, Math.min(segments.size(), from + batch));
            beforeBatch.run();
            if (from + batch >= segments.size()) {
                progress.textRead(outline);
            }
            sink.accept(some.stream()
                    .map(s -> new EmbeddedSegment(placement.apply(s), embedder.embedQuery(s.text())))
                    .toList());
            progress.report(some.get(some.size() - 1).page(), outline.pages(), from + some.size());
        }
        if (segments.isEmpty()) {
            progress.textRead(outline);
        }
        return outline;
    }

    @Override
    public boolean hasText(String contentType) {
        return true;
    }

    @Override
    public Outline outline(DocumentSource source, String contentType) {
        outlined.incrementAndGet();
        return read(source);
    }

    @Override
    public String segmentation() {
        return segmentation;
    }

    @Override
    public String language(String text) {
        return language.apply(text);
    }

    int segments(Document document) {
        return segments(DocumentSource.of(document.path())).size();
    }

    @Override
    public Embedder embedder() {
        return embedder;
    }

    private static Outline read(DocumentSource source) {
        List<Integer> counts = new ArrayList<>();
        for (String page : pages(source)) {
            counts.add((int) page.lines().count());
        }
        return new Outline(counts.size(), counts, "A title with NUL \0", "An author", List.of());
    }

    private static List<Segment> segments(DocumentSource source) {
        List<Segment> segments = new ArrayList<>();
        List<String> pages = pages(source);
        for (int page = 0; page < pages.size(); page++) {
            for (String line : pages.get(page).lines().toList()) {
                segments.add(new Segment(page + 1, segments.size(), line));
            }
        }
        return segments;
    }

    private static List<String> pages(DocumentSource source) {
        try (InputStream bytes = Channels.newInputStream(source.open())) {
            return List.of(new String(bytes.readAllBytes(), StandardCharsets.UTF_8).split("\f"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
