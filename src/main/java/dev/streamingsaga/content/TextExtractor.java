package dev.streamingsaga.content;

import java.nio.file.Path;

/** Gets the text out of one kind of file, in reading order and with bounded memory. */
interface TextExtractor {
    /**
     * @throws Exception whatever the format's library throws at a damaged file; what {@code text} got until then stays
     */
    void extract(Path file, TextSink text) throws Exception;

    /** Where text goes to. Its methods may block, and end the extraction by throwing {@link TextSinkClosed}. */
    interface TextSink {
        /** How many pages there will be, if the format knows. */
        void pages(int total);

        /** Appended to the current page. */
        void text(CharSequence part);

        /** The current page is complete; pages without text are ended too. */
        void endPage();

        void about(String title, String author);
    }

    /** No more text is wanted: the limit is reached, or the work was stopped. */
    final class TextSinkClosed extends RuntimeException {
        TextSinkClosed(String why) {
            super(why, null, false, false);
        }
    }
}
