package dev.streamingsaga.recovery;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How many pages and segments a document has: what the stores say, if they agree. */
record DocumentShape(long pages, long segments) {

    /** @param found what each store holds, by store */
    static List<DocumentShape> claims(Map<String, Map<?, ?>> found) {
        List<DocumentShape> claims = new ArrayList<>();
        for (String store : List.of("vector", "relational", "graph")) {
            Map<?, ?> row = found.getOrDefault(store, Map.of());
            if (row.containsKey("document_id")) {
                claims.add(new DocumentShape(number(row.get("pages")), number(row.get("segments"))));
            }
        }
        return claims;
    }

    static Optional<DocumentShape> agreed(List<DocumentShape> claims) {
        return claims.stream().distinct().count() == 1 ? Optional.of(claims.get(0)) : Optional.empty();
    }

    /** Document to pages, pages to segments, and each page and segment to the next. */
    long edges() {
        return pages + segments + Math.max(0, pages - 1) + Math.max(0, segments - 1);
    }

    static long number(@Nullable Object value) {
        return value instanceof Number number ? number.longValue() : 0;
    }
}
