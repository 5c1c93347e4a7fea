package dev.streamingsaga.extractor;

import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.extractor.TextExtractor.TextSinkClosed;
import dev.streamingsaga.journal.WarningCode;
import java.nio.channels.SeekableByteChannel;

/** Passes the text of a file inside a document on as a part of it. */
public final class PartSink implements TextSink {
    private final TextSink text;
    private final String path;
    private boolean pageOpen;

    private PartSink(TextSink text, String path) {
        this.text = text;
        this.path = path;
    }

    /** Reads one part. A failure of its parser ends its text and gives a warning. */
    public static void read(TextExtractor extractor, SeekableByteChannel bytes, TextSink text, String path) {
        read(part -> extractor.extract(bytes, part), text, path);
    }

    /**
     * Reads one part.
     *
     * @throws TextSinkClosed if no more text is accepted
     */
    public static void read(Reading reading, TextSink text, String path) {
        PartSink part = new PartSink(text, path);
        text.part(path);
        try {
            reading.readTo(part);
        } catch (Exception | LinkageError | StackOverflowError e) {
            ReadingFailures.rethrowIfClosed(e);
            if (part.pageOpen) {
                part.endPage();
            }
            ReadingFailures.warn(part, e);
        }
    }

    /** Delivers the text of a part. */
    public interface Reading {
        void readTo(TextSink text) throws Exception;
    }

    @Override
    public void pages(int total) {
        text.pages(total);
    }

    @Override
    public void part(String inner) {
        text.part(path + TextSink.PATH_SEPARATOR + inner);
    }

    @Override
    public void text(CharSequence characters) {
        pageOpen = true;
        text.text(characters);
    }

    @Override
    public void endPage() {
        pageOpen = false;
        text.endPage();
    }

    /** A part does not name the document. */
    @Override
    public void about(String title, String author) {}

    @Override
    public void warn(WarningCode code, String place, String message) {
        text.warn(code, place.isEmpty() ? path : path + TextSink.PATH_SEPARATOR + place, message);
    }
}
