package dev.streamingsaga.store;

import dev.streamingsaga.embedding.Embedder;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** A model whose vectors depend on the words alone: texts with the same words are near each other. */
record WordVectors(String modelId, int dimension, int actualDimension, Set<String> languages) implements Embedder {
    WordVectors(String modelId, int dimension) {
        this(modelId, dimension, dimension);
    }

    WordVectors(String modelId, int dimension, int actualDimension) {
        this(modelId, dimension, actualDimension, Set.of(EVERY_LANGUAGE));
    }

    WordVectors knowing(String language) {
        return new WordVectors(modelId, dimension, actualDimension, Set.of(language));
    }

    @Override
    public int maxTokens() {
        return 128;
    }

    @Override
    public int countTokens(String text) {
        return text.split("\\s+").length;
    }

    @Override
    public List<float[]> embed(List<String> texts) {
        return texts.stream().map(this::embedQuery).toList();
    }

    @Override
    public float[] embedQuery(String text) {
        float[] vector = new float[actualDimension];
        vector[0] = 0.01f;
        for (String word : text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+")) {
            vector[Math.floorMod(word.hashCode(), actualDimension)] += 1;
        }
        double length = 0;
        for (float v : vector) {
            length += v * v;
        }
        for (int i = 0; i < vector.length; i++) {
            vector[i] /= (float) Math.sqrt(length);
        }
        return vector;
    }

    /** Keeps nearly everything, but lets every search compare its hits. */
    @Override
    public float minSimilarity() {
        return -0.99f;
    }

    @Override
    public void close() {}
}
