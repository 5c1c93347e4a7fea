package dev.streamingsaga.store;

import java.nio.ByteBuffer;

/**
 * Estimates the cosine of a query and sketched vectors. The numbers of the query are rounded to 16 levels, so that an
 * estimate takes four ANDs and bit counts for each 64 numbers.
 */
final class SketchQuery {
    private static final int PLANES = 4;
    private static final int MAX_LEVEL = (1 << PLANES) - 1;

    private final int words;
    /** Bit planes of the levels: for each word its four planes, lowest first. */
    private final long[] planes;

    private final float lowest;
    private final float step;
    private final float total;

    SketchQuery(float[] query) {
        words = VectorSketch.words(query.length);
        planes = new long[words * PLANES];
        float min = Float.POSITIVE_INFINITY;
        float max = Float.NEGATIVE_INFINITY;
        for (float number : query) {
            min = Math.min(min, number);
            max = Math.max(max, number);
        }
        lowest = min;
        step = max > min ? (max - min) / MAX_LEVEL : 1;
        long levels = 0;
        for (int i = 0; i < query.length; i++) {
            int level = Math.round((query[i] - lowest) / step);
            levels += level;
            for (int plane = 0; plane < PLANES; plane++) {
                planes[i / Long.SIZE * PLANES + plane] |= (long) (level >> plane & 1) << i;
            }
        }
        total = lowest * query.length + step * levels;
    }

    /**
     * @param bits of many sketches
     * @param at index of the first word of the sketch
     */
    float estimate(long[] bits, int at, float factor) {
        int positive = 0;
        int levels = 0;
        for (int word = 0, plane = 0; word < words; word++, plane += PLANES) {
            long sketch = bits[at + word];
            positive += Long.bitCount(sketch);
            levels += Long.bitCount(sketch & planes[plane])
                    + (Long.bitCount(sketch & planes[plane + 1]) << 1)
                    + (Long.bitCount(sketch & planes[plane + 2]) << 2)
                    + (Long.bitCount(sketch & planes[plane + 3]) << 3);
        }
        return factor * (2 * (lowest * positive + step * levels) - total);
    }

    /** Reads factor and bits of a sketch. */
    float estimate(ByteBuffer sketch) {
        float factor = sketch.getFloat();
        long[] bits = new long[words];
        for (int word = 0; word < words; word++) {
            bits[word] = sketch.getLong();
        }
        return estimate(bits, 0, factor);
    }
}
