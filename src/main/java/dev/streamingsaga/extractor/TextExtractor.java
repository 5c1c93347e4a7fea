package dev.streamingsaga.extractor;

import dev.streamingsaga.journal.WarningCode;
import java.nio.channels.SeekableByteChannel;

/** Extracts the text of one kind of file, in reading order and with bounded memory. */
public interface TextExtractor {
    /**
     * @param bytes closed by the caller
     * @throws Exception any exception of the library for a damaged file; {@code text} keeps what it received until then
     */
    void extract(SeekableByteChannel bytes, TextSink text) throws Exception;

    /** Whether a document can make it loop, or use memory without limit: so every parser of a complex format. */
    default boolean isRisky() {
        return true;
    }

    /** Receives the text. Its methods may block, and end the extraction by throwing {@link TextSinkClosed}. */
    interface TextSink {
        /** Between the names of a path of parts. */
        String PATH_SEPARATOR = " \u203a ";

        /** The number of pages of the document or of the current part, if the format has it. */
        void pages(int total);

        /**
         * The following pages belong to a file inside the document, until the next call. Pages and segments keep
         * counting through all parts.
         *
         * @param path names from the outside to the inside, joined by {@link #PATH_SEPARATOR}; untrusted
         */
        void part(String path);

        /** Appends text to the current page. */
        void text(CharSequence part);

        /** Ends the current page; also called for pages without text. */
        void endPage();

        void about(String title, String author);

        /**
         * Reports what is missing or uncertain; the extraction continues.
         *
         * @param place as in {@link dev.streamingsaga.journal.Warning}; may be untrusted
         * @param message a sentence without content of the document
         */
        void warn(WarningCode code, String place, String message);
    }

    /** No more text is accepted: the limit is reached, or the extraction was stopped. */
    final class TextSinkClosed extends RuntimeException {
        public TextSinkClosed(String reason) {
            super(reason, null, false, false);
        }
    }
}
