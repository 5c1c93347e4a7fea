package dev.streamingsaga.store;

import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sketches in memory, column by column. Does not change any more once it is trimmed. */
final class SketchBlock {
    static final int CAPACITY = 4096;

    private final int words;
    /** Index of each segment's document in the list of documents. */
    private int[] documents = new int[CAPACITY];

    private int[] ordinals = new int[CAPACITY];
    private float[] factors = new float[CAPACITY];
    private long[] bits;
    private int size;

    SketchBlock(int dimension) {
        words = VectorSketch.words(dimension);
        bits = new long[CAPACITY * words];
    }

    boolean isFull() {
        return size == CAPACITY;
    }

    /** A copy with room for more. */
    SketchBlock copy(int dimension) {
        SketchBlock copy = new SketchBlock(dimension);
        System.arraycopy(documents, 0, copy.documents, 0, size);
        System.arraycopy(ordinals, 0, copy.ordinals, 0, size);
        System.arraycopy(factors, 0, copy.factors, 0, size);
        System.arraycopy(bits, 0, copy.bits, 0, size * words);
        copy.size = size;
        return copy;
    }

    /** Reads the next sketch. */
    void add(int document, ByteBuffer sketch) {
        documents[size] = document;
        ordinals[size] = sketch.getInt();
        factors[size] = sketch.getFloat();
        for (int word = 0; word < words; word++) {
            bits[size * words + word] = sketch.getLong();
        }
        size++;
    }

    /** Releases the memory that is not in use; nothing can be added afterwards. */
    void trim() {
        documents = Arrays.copyOf(documents, size);
        ordinals = Arrays.copyOf(ordinals, size);
        factors = Arrays.copyOf(factors, size);
        bits = Arrays.copyOf(bits, size * words);
    }

    int size() {
        return size;
    }

    /** @param wanted indexes of the documents to search; null: all */
    void estimate(SketchQuery query, List<String> sagas, @Nullable BitSet wanted, NearestKeys nearest) {
        float threshold = nearest.threshold();
        for (int i = 0; i < size; i++) {
            if (wanted != null && !wanted.get(documents[i])) {
                continue;
            }
            float score = query.estimate(bits, i * words, factors[i]);
            if (score > threshold) {
                nearest.offer(score, new SegmentKey(sagas.get(documents[i]), ordinals[i]));
                threshold = nearest.threshold();
            }
        }
    }
}
