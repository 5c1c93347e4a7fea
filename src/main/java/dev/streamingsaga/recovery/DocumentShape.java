package dev.streamingsaga.recovery;

import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.journal.TextOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The number of pages and segments of a document.
 *
 * @param textPages pages with text; {@link #UNKNOWN} if nobody knows
 */
record DocumentShape(long pages, long textPages, long segments) {
    static final long UNKNOWN = -1;

    static DocumentShape of(TextOutcome outcome) {
        return new DocumentShape(outcome.segmentsPerPage().size(), outcome.pagesWithText(), outcome.segments());
    }

    /**
     * As the stores report it that know the number of pages. The graph only has pages with text.
     *
     * @param found what each store reports, by store
     */
    static List<DocumentShape> reports(Map<String, Map<?, ?>> found) {
        Map<?, ?> vectors = found.getOrDefault(StoreNames.VECTOR, Map.of());
        long textPages = vectors.containsKey("text_pages") ? number(vectors.get("text_pages")) : UNKNOWN;
        List<DocumentShape> reports = new ArrayList<>();
        for (String store : List.of(StoreNames.VECTOR, StoreNames.RELATIONAL)) {
            Map<?, ?> row = found.getOrDefault(store, Map.of());
            if (row.containsKey("document_id")) {
                reports.add(new DocumentShape(number(row.get("pages")), textPages, number(row.get("segments"))));
            }
        }
        return reports;
    }

    static Optional<DocumentShape> agreed(List<DocumentShape> reports) {
        return reports.stream().distinct().count() == 1 ? Optional.of(reports.get(0)) : Optional.empty();
    }

    /** Document to pages, pages to segments, each page to the next, each segment to the next. */
    long edges(long pageNodes) {
        return pageNodes + segments + Math.max(0, pageNodes - 1) + Math.max(0, segments - 1);
    }

    /** The page nodes that a graph must have. Earlier versions wrote one for each page, with text or not. */
    long pageNodes(long found) {
        return textPages == UNKNOWN || found == pages ? found : textPages;
    }

    static long number(@Nullable Object value) {
        return value instanceof Number number ? number.longValue() : 0;
    }
}
