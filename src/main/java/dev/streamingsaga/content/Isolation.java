package dev.streamingsaga.content;

import dev.streamingsaga.extractor.ReadingStopped;
import dev.streamingsaga.extractor.TextExtractor;

/** Decides where the text of documents is extracted, and within which limits. Thread-safe. */
public interface Isolation extends AutoCloseable {
    /** Extracts in the thread of the caller, without limits. */
    Isolation NONE = (contentType, extractor) -> extractor;

    /**
     * Returns an extractor that gives the same text within limits, and throws {@link ReadingStopped} beyond them.
     *
     * @param extractor for one document of that type
     */
    TextExtractor isolate(String contentType, TextExtractor extractor);

    /** A document that has to be isolated is about to be read. Returns at once. */
    default void prepare() {}

    /** @throws RuntimeException if no document can be read for now; says why */
    default void check() {}

    /** Extractions that are still running fail. */
    @Override
    default void close() {}
}
