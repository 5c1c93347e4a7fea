package dev.streamingsaga.content;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** Text of documents: extracted page by page with bounded memory, cut into segments that fit the model, embedded. */
public interface DocumentContent extends AutoCloseable {
    /** Work that still runs fails. */
    @Override
    default void close() {}

    /** MIME type by magic bytes, {@code application/octet-stream} if unknown. Reads at most 64 KiB. */
    String contentType(Path file);

    /** Whether {@link #embed} reads files of this type at all, and so needs the model. */
    boolean hasText(String contentType);

    /**
     * Extracts, cuts and embeds, all three overlapping, and hands on batches in reading order from one thread.
     *
     * @param firstOrdinal segments before it are not embedded again nor handed on
     * @param sink may block (back-pressure) and may throw, which ends the work and is thrown on
     * @param progress after each batch
     * @return the outline of the whole document
     */
    Outline embed(
            Path file, String contentType, int firstOrdinal, Consumer<List<EmbeddedSegment>> sink, Progress progress);

    /** The outline alone, without embedding: as {@link #embed} would return it. */
    Outline outline(Path file, String contentType);

    /** The model in use, loaded at first need. */
    Embedder embedder();

    /** How far {@link #embed} is. */
    interface Progress {
        void report(long pagesDone, long pagesTotal, long segmentsDone);
    }
}
