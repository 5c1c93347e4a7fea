package dev.streamingsaga.content;

import dev.streamingsaga.journal.WarningCode;
import java.nio.channels.SeekableByteChannel;

/** Extracts the text of one kind of file, in reading order and with bounded memory. */
interface TextExtractor {
    /**
     * @param bytes closed by the caller
     * @throws Exception any exception of the library for a damaged file; {@code text} keeps what it received until then
     */
    void extract(SeekableByteChannel bytes, TextSink text) throws Exception;

    /** Receives the text. Its methods may block, and end the extraction by throwing {@link TextSinkClosed}. */
    interface TextSink {
        /** The number of pages, if the format has it. */
        void pages(int total);

        /** Appends text to the current page. */
        void text(CharSequence part);

        /** Ends the current page; also called for pages without text. */
        void endPage();

        void about(String title, String author);

        /**
         * Reports what is missing or uncertain; the extraction goes on.
         *
         * @param place as in {@link dev.streamingsaga.journal.Warning}; may be untrusted
         * @param message a sentence without content of the document
         */
        void warn(WarningCode code, String place, String message);
    }

    /** No more text is accepted: the limit is reached, or the extraction was stopped. */
    final class TextSinkClosed extends RuntimeException {
        TextSinkClosed(String reason) {
            super(reason, null, false, false);
        }
    }
}
