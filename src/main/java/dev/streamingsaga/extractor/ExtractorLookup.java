package dev.streamingsaga.extractor;

import java.util.Optional;

/** Finds the extractor of a type. Thread-safe. */
public interface ExtractorLookup {
    /** A new extractor for one document; empty if text of the type cannot be read. */
    Optional<TextExtractor> of(String contentType);

    /**
     * A new extractor for a document or for a file inside it.
     *
     * @param attachments receives the files inside it
     */
    Optional<TextExtractor> of(String contentType, Attachments attachments);
}
