package dev.streamingsaga.embedding;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * A model with its configured languages, and with the prefixes that it was trained with before passages and queries.
 */
record ConfiguredEmbedder(Embedder model, Set<String> languages, String queryPrefix, String passagePrefix)
        implements Embedder {

    /** Differs for each prefix of passages, since their vectors cannot be compared. */
    @Override
    public String modelId() {
        if (passagePrefix.isEmpty()) {
            return model.modelId();
        }
        CRC32 hash = new CRC32();
        hash.update(passagePrefix.getBytes(StandardCharsets.UTF_8));
        return model.modelId() + "-" + Long.toHexString(hash.getValue());
    }

    @Override
    public int dimension() {
        return model.dimension();
    }

    @Override
    public int maxTokens() {
        return model.maxTokens();
    }

    /** With the longer prefix: whatever fits as a passage can be searched for, too. */
    @Override
    public int countTokens(String text) {
        return model.countTokens((queryPrefix.length() > passagePrefix.length() ? queryPrefix : passagePrefix) + text);
    }

    @Override
    public List<float[]> embed(List<String> texts) {
        return model.embed(texts.stream().map(text -> passagePrefix + text).toList());
    }

    @Override
    public float[] embedQuery(String text) {
        return model.embedQuery(queryPrefix + text);
    }

    @Override
    public float minSimilarity() {
        return model.minSimilarity();
    }

    @Override
    public void close() {
        model.close();
    }
}
