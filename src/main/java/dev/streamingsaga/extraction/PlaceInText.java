package dev.streamingsaga.extraction;

import dev.streamingsaga.extractor.TextExtractor.TextSink;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How far a document has been read, for warnings. Not thread-safe. */
final class PlaceInText {
    private String part = "";
    private int pages;
    private int ended;

    void part(String path) {
        part = path;
        pages = 0;
        ended = 0;
    }

    void pages(int total) {
        pages = total;
    }

    void endPage() {
        ended++;
    }

    /** The part and page that are being read; empty for a document of one page. */
    String now() {
        String page = pages > 1 || ended > 0 ? "page " + (ended + 1) : "";
        return Stream.of(part, page)
                .filter(name -> !name.isEmpty())
                .collect(Collectors.joining(TextSink.PATH_SEPARATOR));
    }
}
