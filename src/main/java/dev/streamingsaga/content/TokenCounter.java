package dev.streamingsaga.content;

/** Counts tokens as a model does, special ones included. Safe for use by several threads. */
interface TokenCounter extends AutoCloseable {
    int count(String text);

    /** The longest text the model takes. */
    int max();

    @Override
    void close();
}
