package dev.streamingsaga.store;

import java.util.List;
import java.util.Map;

/**
 * Hybrid search over completed documents: by meaning (vectors of the model in use), by words, and by the phrase as it
 * stands. Safe for use by several threads.
 */
public interface VectorSearch {
    int MAX_LIMIT = 200;
    int MAX_TEXT_CHARS = 2000;

    /**
     * @param page from 1
     * @param ordinal of the segment in its document, from 0
     * @param score comparable within one answer only; above 1 if the text was found as a phrase
     * @param how what found it: {@code phrase}, {@code words}, {@code meaning}, or several of them joined by {@code +}
     */
    record Hit(
            String documentId,
            String sagaId,
            String fileName,
            int page,
            int ordinal,
            String text,
            double score,
            String how) {}

    /**
     * The nearest segments, best first. Segments that contain the text word for word come before all others. Text is
     * only ever searched for: quotes, operators and wildcards in it mean nothing.
     *
     * @param limit 1 to {@value #MAX_LIMIT}
     * @throws IllegalArgumentException if the text is longer than {@value #MAX_TEXT_CHARS} characters, or the limit is
     *     not allowed
     */
    List<Hit> search(String text, int limit);

    /**
     * Segments of completed documents that {@link #search} finds by words only, because they were embedded by another
     * model than the one in use: number of segments by model and dimension. Not empty means: ingest these documents
     * again.
     */
    Map<String, Long> foreignModels();
}
