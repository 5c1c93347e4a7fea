package dev.streamingsaga.embedding;

import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;

/** Vector arithmetic for embeddings. */
final class Vectors {
    private Vectors() {}

    /** Scales to unit length, in place. */
    static float[] normalize(float[] vector) {
        double square = 0;
        for (float component : vector) {
            square += (double) component * component;
        }
        double length = Math.sqrt(square);
        if (!(length > 0) || Double.isInfinite(length)) {
            throw new SagaException(
                    Reason.STORE_FAILED,
                    "the embedding model returned a vector of length " + length + ", which cannot be normalized");
        }
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) (vector[i] / length);
        }
        return vector;
    }
}
