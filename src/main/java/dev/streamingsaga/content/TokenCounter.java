package dev.streamingsaga.content;

/** Counts tokens as a model does, special tokens included. Thread-safe. */
interface TokenCounter extends AutoCloseable {
    int count(String text);

    /** The longest text that the model accepts, in tokens. */
    int max();

    @Override
    void close();
}
