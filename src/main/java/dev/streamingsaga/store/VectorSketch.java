package dev.streamingsaga.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A vector reduced to the sign of each number, one bit each, and a factor that makes {@code factor * sign} the best
 * estimate of the vector. Takes 56 bytes for 384 numbers. {@link SketchQuery} estimates cosines from it; the nearest by
 * estimate are then compared exactly.
 *
 * <p>Format, little-endian: ordinal of the segment (int), factor (float), bits (long for each 64 numbers).
 */
final class VectorSketch {
    /** Stored with each sketch: change it when the format changes, and all sketches are built again. */
    static final int FORMAT = 1;

    private VectorSketch() {}

    static int words(int dimension) {
        return (dimension + Long.SIZE - 1) / Long.SIZE;
    }

    /** Size of a sketch in bytes. */
    static int size(int dimension) {
        return Integer.BYTES + Float.BYTES + words(dimension) * Long.BYTES;
    }

    static ByteBuffer buffer(int sketches, int dimension) {
        return ByteBuffer.allocate(sketches * size(dimension)).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** What was put into a {@link #buffer}. */
    static byte[] bytes(ByteBuffer sketches) {
        byte[] bytes = new byte[sketches.position()];
        sketches.flip().get(bytes);
        return bytes;
    }

    static ByteBuffer read(byte[] sketches) {
        return ByteBuffer.wrap(sketches).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Appends the sketch of a vector to a {@link #buffer}. */
    static void put(int ordinal, float[] vector, ByteBuffer target) {
        long[] bits = new long[words(vector.length)];
        double square = 0;
        double sum = 0;
        for (int i = 0; i < vector.length; i++) {
            float number = vector[i];
            square += number * number;
            sum += Math.abs(number);
            if (number > 0) {
                bits[i / Long.SIZE] |= 1L << i;
            }
        }
        target.putInt(ordinal).putFloat(sum == 0 ? 0 : (float) (square / sum));
        for (long word : bits) {
            target.putLong(word);
        }
    }
}
