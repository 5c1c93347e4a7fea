package dev.streamingsaga.embedding;

import java.util.List;

/** A model that only counts tokens, and how many characters it was given for that. */
public final class CountingModel implements Embedder {
    private final int maxTokens;
    private final int surplus;
    private long counted;

    /**
     * @param surplus so many characters cost a further token: more than the sum of the tokens of its sentences; or 0
     */
    public CountingModel(int maxTokens, int surplus) {
        this.maxTokens = maxTokens;
        this.surplus = surplus;
    }

    public long counted() {
        return counted;
    }

    @Override
    public String modelId() {
        return "counting";
    }

    @Override
    public int dimension() {
        return 1;
    }

    @Override
    public int maxTokens() {
        return maxTokens;
    }

    @Override
    public int countTokens(String text) {
        counted += text.length();
        return EstimatedTokenCounter.OF_512.count(text) + (surplus == 0 ? 0 : text.length() / surplus);
    }

    @Override
    public List<float[]> embed(List<String> texts) {
        throw new UnsupportedOperationException();
    }

    @Override
    public float[] embedQuery(String text) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        // no resources
    }
}
