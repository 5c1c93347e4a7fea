package dev.streamingsaga.content;

import java.util.List;

/**
 * An embedding model. Safe for use by several threads. Vectors have unit length.
 *
 * <p>Implementations never truncate: a text longer than {@link #maxTokens()} is refused with an
 * IllegalArgumentException.
 */
public interface Embedder extends AutoCloseable {
    /** Stored with each vector; two models never share one. */
    String modelId();

    int dimension();

    int maxTokens();

    /** Tokens that the text takes in this model, special ones included. */
    int countTokens(String text);

    /** One vector for each text, in order. */
    List<float[]> embed(List<String> texts);

    /** The vector to search with: some models want questions marked as such. */
    float[] embedQuery(String text);

    @Override
    void close();
}
