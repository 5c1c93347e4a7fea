package dev.streamingsaga.recovery;

import dev.streamingsaga.journal.StoreNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The number of pages and segments of a document, as the stores report it. */
record DocumentShape(long pages, long segments) {

    /** @param found what each store reports, by store */
    static List<DocumentShape> reports(Map<String, Map<?, ?>> found) {
        List<DocumentShape> reports = new ArrayList<>();
        for (String store : List.of(StoreNames.VECTOR, StoreNames.RELATIONAL, StoreNames.GRAPH)) {
            Map<?, ?> row = found.getOrDefault(store, Map.of());
            if (row.containsKey("document_id")) {
                reports.add(new DocumentShape(number(row.get("pages")), number(row.get("segments"))));
            }
        }
        return reports;
    }

    static Optional<DocumentShape> agreed(List<DocumentShape> reports) {
        return reports.stream().distinct().count() == 1 ? Optional.of(reports.get(0)) : Optional.empty();
    }

    /** Document to pages, pages to segments, each page to the next, each segment to the next. */
    long edges() {
        return pages + segments + Math.max(0, pages - 1) + Math.max(0, segments - 1);
    }

    static long number(@Nullable Object value) {
        return value instanceof Number number ? number.longValue() : 0;
    }
}
