package dev.streamingsaga.office;

import dev.streamingsaga.charset.CharsetDetector;
import dev.streamingsaga.charset.CharsetGuess;
import dev.streamingsaga.charset.TextSample;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.journal.WarningCode;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.Charset;
import java.util.Optional;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.parser.html.HtmlEncodingDetector;

/** The charset of HTML that names none, found as that of a text file. */
final class HtmlCharset {
    private HtmlCharset() {}

    /**
     * Empty if the file names its charset. Warns if the charset is not certain.
     *
     * @param fallback preferred if it fits as well as the best
     */
    static Optional<Charset> guess(SeekableByteChannel file, Charset fallback, TextSink text) throws IOException {
        if (isNamed(file)) {
            return Optional.empty();
        }
        CharsetGuess guess = new CharsetDetector(fallback).detect(TextSample.of(file));
        if (!guess.certain()) {
            text.warn(
                    WarningCode.ENCODING_GUESSED,
                    "",
                    "the file does not name its charset; it is read as " + guess.charset());
        }
        return Optional.of(guess.charset());
    }

    /** The stream is not closed, since that would close the file. */
    private static boolean isNamed(SeekableByteChannel file) throws IOException {
        BufferedInputStream beginning = new BufferedInputStream(Channels.newInputStream(file.position(0)));
        return new HtmlEncodingDetector().detect(beginning, new Metadata()) != null;
    }
}
