package dev.streamingsaga.store;

import dev.streamingsaga.annotation.PublicApi;
import java.util.List;
import java.util.Map;

/**
 * Hybrid search over completed documents: by meaning (vectors of the model in use), by words, and by phrase.
 * Thread-safe.
 */
@PublicApi
public interface VectorSearch {
    int MAX_LIMIT = 200;
    int MAX_TEXT_CHARS = 2000;

    /**
     * @param page from 1
     * @param ordinal of the segment in its document, from 0
     * @param score comparable within one result only; above 1 if the text was found as a phrase
     * @param how the search that found it: {@code phrase}, {@code words}, {@code meaning}, or several joined by
     *     {@code +}
     * @param weak whether it is no good match: its meaning is far from the text, and nothing better was found
     */
    record Hit(
            String documentId,
            String sagaId,
            String fileName,
            int page,
            int ordinal,
            String text,
            double score,
            String how,
            boolean weak) {}

    /**
     * Returns the best matching segments, best first. Segments that contain the text word for word come before all
     * others. With the built-in model, segments whose meaning is far from the text are left out; if nothing else is
     * found, the nearest three are returned as weak hits. The text is taken literally: quotes, operators and wildcards
     * have no special meaning. Only a bounded number of segments is ranked, so that very common words do not make a
     * search slow; see {@code docs/search.md}.
     *
     * @param limit 1 to {@value #MAX_LIMIT}
     * @throws IllegalArgumentException if the text is longer than {@value #MAX_TEXT_CHARS} characters, or the limit is
     *     out of range
     */
    List<Hit> search(String text, int limit);

    /**
     * Counts the segments of completed documents, by model and dimension, that {@link #search} finds by words only
     * because another model than the one in use embedded them. If it is not empty, ingest these documents again.
     */
    Map<String, Long> foreignModels();
}
