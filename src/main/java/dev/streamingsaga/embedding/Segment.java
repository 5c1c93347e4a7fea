package dev.streamingsaga.embedding;

/**
 * A piece of extracted text that gets one embedding.
 *
 * @param page from 1, counted through all parts; a document without pages has one page
 * @param ordinal from 0, in reading order over the whole document
 * @param part the file inside the document that contains the text, such as {@code offer.pdf}; empty for its own text
 * @param partPage from 1, the page of {@code part}
 */
public record Segment(int page, int ordinal, String text, String part, int partPage) {
    /** A segment of the document's own text. */
    public Segment(int page, int ordinal, String text) {
        this(page, ordinal, text, "", page);
    }
}
