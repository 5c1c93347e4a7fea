package dev.streamingsaga.embedding;

/** Counts tokens as a model does, special tokens included. Thread-safe. */
public interface TokenCounter extends AutoCloseable {
    int count(String text);

    /** The longest text that the model accepts, in tokens. */
    int max();

    @Override
    void close();
}
