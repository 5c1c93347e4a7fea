package dev.streamingsaga.store;

import dev.streamingsaga.access.AccessLimit;
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
    /** Hits that can be paged through. */
    int MAX_HITS = 200;

    /**
     * A word of the search text in the text of a hit.
     *
     * @param start index of its first character (UTF-16), from 0
     * @param end after its last
     */
    record Highlight(int start, int end) {}

    /**
     * @param page from 1, counted through all parts of the document
     * @param ordinal of the segment in its document, from 0
     * @param score comparable within one result only; above 1 if the text was found as a phrase
     * @param how the search that found it: {@code phrase}, {@code words}, {@code meaning}, or several joined by
     *     {@code +}
     * @param weak whether it is no good match: its meaning is far from the text, and nothing better was found
     * @param part path to the part of the document that contains it, such as an attachment; empty: the document itself
     * @param partPage from 1, the page of that part, or of the document itself
     * @param language of the document (ISO 639-1); empty if it could not be decided
     * @param highlights the words of the search text in {@code text}, in order
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
            boolean weak,
            String part,
            int partPage,
            String language,
            List<Highlight> highlights) {
        Hit with(List<Highlight> found) {
            return new Hit(
                    documentId,
                    sagaId,
                    fileName,
                    page,
                    ordinal,
                    text,
                    score,
                    how,
                    weak,
                    part,
                    partPage,
                    language,
                    found);
        }
    }

    /**
     * Some of the hits.
     *
     * @param total number of hits that can be paged through, {@value #MAX_HITS} at most
     */
    record Page(List<Hit> hits, int offset, int total) {
        /** Whether there are hits after these. */
        public boolean hasMore() {
            return offset + hits.size() < total;
        }
    }

    /**
     * Returns the best matching segments, best first. Segments that contain the text word for word come before all
     * others. Text in quotes must be contained word for word. {@code file:}, {@code type:} and {@code owner:} with a
     * value, in which {@code *} stands for any characters, and {@code after:} and {@code before:} with a date restrict
     * the documents; see {@code docs/search.md}. Everything else is taken literally.
     *
     * <p>Meaning counts only where the model knows the language of the text and of the document. With the built-in
     * model, segments whose meaning is far from the text are left out; if nothing else is found, the nearest three are
     * returned as weak hits. Only a bounded number of segments is ranked, so that very common words do not make a
     * search slow.
     *
     * @param offset number of hits to skip, 0 to {@value #MAX_HITS}; the order stays the same as long as no document is
     *     completed or removed
     * @param limit 1 to {@value #MAX_LIMIT}
     * @throws SearchTextException if the text is too long, has too many words or a filter without a date
     * @throws IllegalArgumentException if offset or limit is out of range
     */
    default Page search(String text, int offset, int limit) {
        return search(text, offset, limit, AccessLimit.NONE);
    }

    /**
     * As {@link #search(String, int, int)}, over documents that the limit permits only: the database selects by it, so
     * that others take no place among the hits.
     */
    Page search(String text, int offset, int limit, AccessLimit access);

    /** The first hits of {@link #search(String, int, int)}. */
    default List<Hit> search(String text, int limit) {
        return search(text, 0, limit).hits();
    }

    /**
     * Counts the segments of completed documents, by model and dimension, that {@link #search} finds by words only
     * because another model than the one in use embedded them. If it is not empty, ingest these documents again.
     */
    Map<String, Long> foreignModels();
}
