package dev.streamingsaga.store;

import java.util.List;
import java.util.Map;

/**
 * The searches over visible segments of documents that pass a filter. One implementation for each database. Searches
 * for words return candidates, which {@link SegmentRanking} ranks in the same way for all databases.
 */
interface SegmentIndex {
    record SegmentKey(String sagaId, int ordinal) {}

    /** The model that a vector comes from; only vectors of one model can be compared. */
    record Model(String id, int dimension) {}

    /** @param segments how many segments a word was found in, by its stem; counted up to a limit */
    record Found(List<SegmentKey> keys, Map<String, Integer> segments) {}

    /** The nearest by cosine similarity, nearest first; exact unless an approximate index is configured. */
    List<SegmentKey> nearest(Model model, float[] query, int limit, DocumentFilter filter);

    /** Segments that contain any of the words; those with rare words first if a word stands almost everywhere. */
    Found words(List<Term> words, int limit, DocumentFilter filter);

    /**
     * Segments that may contain any of the words inside a word. A word that too many words contain is left out; it is
     * counted.
     */
    Found parts(List<Term> words, int limit, DocumentFilter filter);

    /**
     * Segments that contain the stems of each sequence in sequence.
     *
     * @param sequences none of them empty
     */
    List<SegmentKey> phrase(List<List<String>> sequences, int limit, DocumentFilter filter);

    /**
     * Segments with any of the words of documents whose words are not in the index yet.
     *
     * @param text the words as they were written
     */
    List<SegmentKey> notIndexed(String text, int limit, DocumentFilter filter);
}
