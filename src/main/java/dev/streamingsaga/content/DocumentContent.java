package dev.streamingsaga.content;

import dev.streamingsaga.embedding.EmbeddedSegment;
import dev.streamingsaga.embedding.Embedder;
import dev.streamingsaga.source.DocumentSource;
import java.util.List;
import java.util.function.Consumer;

/**
 * Reads the text of documents: extracts it page by page with bounded memory, splits it into segments that fit the
 * model, and embeds them.
 */
public interface DocumentContent extends AutoCloseable {
    /** @throws RuntimeException if no document can be read for now; says why */
    default void check() {}

    /** Extractions that are still running fail. */
    @Override
    default void close() {}

    /** MIME type by magic bytes, {@code application/octet-stream} if unknown. Reads at most 64 KiB. */
    String contentType(DocumentSource source);

    /** Whether {@link #embed} reads files of this type, and so needs the model. */
    boolean hasText(String contentType);

    /**
     * Extracts, splits and embeds concurrently, and passes batches in reading order to the sink from one thread.
     *
     * @param sink may block (back-pressure); an exception it throws ends the extraction and is rethrown
     * @param progress called after each batch, and when the text has been read
     * @return the outline of the whole document
     */
    Outline embed(
            DocumentSource source,
            String contentType,
            Resumption resumption,
            Consumer<List<EmbeddedSegment>> sink,
            ProgressListener progress);

    /** Returns the outline that {@link #embed} would return, without embedding. */
    Outline outline(DocumentSource source, String contentType);

    /**
     * Returns a fingerprint of everything that decides how the text of a document is split into segments: settings,
     * model, recognition of text in images, versions of the parsers and of Java. Only segments with the same
     * fingerprint may be mixed.
     */
    default String segmentation() {
        return "";
    }

    /**
     * Returns the language of a text (ISO 639-1); empty if it cannot be decided, as for very short texts. Looks at the
     * beginning only.
     */
    default String language(String text) {
        return "";
    }

    /** The model in use; loaded on the first call. */
    Embedder embedder();

    /** Receives the progress of {@link #embed}. */
    interface ProgressListener {
        void report(long pagesDone, long pagesTotal, long segmentsDone);

        /**
         * The text has been read. Called once, before the last batch is passed on, and before segments that another
         * reading may split differently.
         */
        default void textRead(Outline outline) {}
    }
}
