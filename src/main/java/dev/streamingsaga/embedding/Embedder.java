package dev.streamingsaga.embedding;

import java.util.List;
import java.util.Set;

/**
 * An embedding model. Thread-safe. Vectors have unit length.
 *
 * <p>Implementations never truncate: they reject a text longer than {@link #maxTokens()} with an
 * IllegalArgumentException.
 */
public interface Embedder extends AutoCloseable {
    String EVERY_LANGUAGE = "*";

    /** Stored with each vector; unique for each model. */
    String modelId();

    int dimension();

    int maxTokens();

    /** The number of tokens of the text in this model, special tokens included. */
    int countTokens(String text);

    /** Returns one vector for each text, in order. */
    List<float[]> embed(List<String> texts);

    /** Returns the vector of a search query: some models need queries marked as such. */
    float[] embedQuery(String text);

    /**
     * The cosine similarity below which a text has nothing to do with a query. -1 if it is not known for this model:
     * the scales of models differ.
     */
    default float minSimilarity() {
        return modelId().equals(Embedders.IN_PROCESS_MODEL) ? Embedders.IN_PROCESS_MIN_SIMILARITY : -1;
    }

    /** The languages of the texts that it understands (ISO 639-1); {@value #EVERY_LANGUAGE} for all. */
    default Set<String> languages() {
        return Set.of(EVERY_LANGUAGE);
    }

    /** @param language empty if it could not be decided, which every model knows */
    default boolean knows(String language) {
        return language.isEmpty()
                || languages().contains(language)
                || languages().contains(EVERY_LANGUAGE);
    }

    @Override
    void close();
}
