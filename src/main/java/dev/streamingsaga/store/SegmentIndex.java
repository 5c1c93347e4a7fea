package dev.streamingsaga.store;

import java.util.List;

/**
 * The three searches over visible segments; each returns the best matches first. One implementation for each database.
 */
interface SegmentIndex {
    record SegmentKey(String sagaId, int ordinal) {}

    /** The model that a vector comes from; only vectors of one model can be compared. */
    record Model(String id, int dimension) {}

    /** The nearest by cosine similarity; exact unless an approximate index is configured. */
    List<SegmentKey> nearest(Model model, float[] query, int limit);

    /** Segments that contain any of the words; those with rare words first if a word stands almost everywhere. */
    List<SegmentKey> words(String text, int limit);

    /** Segments that contain all words in sequence. */
    List<SegmentKey> phrase(String text, int limit);
}
