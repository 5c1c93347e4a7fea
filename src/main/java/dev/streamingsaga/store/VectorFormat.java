package dev.streamingsaga.store;

import dev.streamingsaga.database.Databases.Dialect;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The formats in which databases store vectors. */
final class VectorFormat {
    private VectorFormat() {}

    /** Little-endian float32 for SQLite, the text format of pgvector for PostgreSQL. */
    static Object encode(float[] vector, Dialect dialect) {
        return dialect == Dialect.POSTGRESQL ? text(vector) : bytes(vector);
    }

    static byte[] bytes(float[] vector) {
        ByteBuffer buffer = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asFloatBuffer().put(vector);
        return buffer.array();
    }

    /** Reads a vector into {@code target}, starting at {@code offset}. */
    static void read(byte[] bytes, float[] target, int offset) {
        ByteBuffer.wrap(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(target, offset, bytes.length / Float.BYTES);
    }

    /** Reads the text format of pgvector. */
    static void read(String text, float[] target) {
        String[] numbers = text.substring(1, text.length() - 1).split(",", -1);
        for (int i = 0; i < target.length; i++) {
            target[i] = Float.parseFloat(numbers[i]);
        }
    }

    static String text(float[] vector) {
        StringBuilder text = new StringBuilder(vector.length * 12).append('[');
        for (int i = 0; i < vector.length; i++) {
            text.append(i == 0 ? "" : ",").append(vector[i]);
        }
        return text.append(']').toString();
    }
}
