package dev.streamingsaga.store;

import java.util.List;

/** The three ways to find visible segments, each best first. One implementation for each kind of database. */
interface SegmentIndex {
    record Key(String sagaId, int ordinal) {}

    /** Which vectors may be compared with the question's. */
    record Model(String id, int dimension) {}

    /** By cosine, exact. */
    List<Key> nearest(Model model, float[] question, int limit);

    /** Any of the words. */
    List<Key> words(String text, int limit);

    /** All of the words, one behind the other. */
    List<Key> phrase(String text, int limit);
}
