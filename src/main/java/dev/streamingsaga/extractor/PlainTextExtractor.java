package dev.streamingsaga.extractor;

import dev.streamingsaga.charset.CharsetDetector;
import dev.streamingsaga.charset.CharsetGuess;
import dev.streamingsaga.charset.TextSample;
import dev.streamingsaga.journal.WarningCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;

/**
 * Streams text files of any size as one page, in the charset that {@link CharsetDetector} finds. Reads bytes that are
 * invalid in it in the fallback charset, so that an ASCII file with a late umlaut loses nothing. A charset that is not
 * certain gives a warning.
 */
public final class PlainTextExtractor implements TextExtractor {
    private static final int BUFFER_BYTES = 32 * 1024;

    private final Charset fallback;

    public PlainTextExtractor(Charset fallback) {
        this.fallback = fallback;
    }

    @Override
    public boolean isRisky() {
        return false;
    }

    @Override
    public void extract(SeekableByteChannel file, TextSink text) throws IOException {
        text.pages(1);
        CharsetGuess guess = new CharsetDetector(fallback).detect(TextSample.of(file));
        if (!guess.certain()) {
            text.warn(
                    WarningCode.ENCODING_GUESSED,
                    "",
                    "the file does not name its charset; it is read as " + guess.charset());
        }
        long invalid = new Decoding(guess.charset(), text).run(Channels.newInputStream(file.position(0)));
        if (invalid > 0 && guess.certain()) {
            text.warn(
                    WarningCode.ENCODING_GUESSED,
                    "",
                    "bytes that are not %s (%d) are read as %s".formatted(guess.charset(), invalid, fallback));
        }
        text.endPage();
    }

    private final class Decoding {
        private final CharsetDecoder decoder;
        private final TextSink text;
        private final ByteBuffer bytes = ByteBuffer.allocate(BUFFER_BYTES);
        private final CharBuffer chars = CharBuffer.allocate(BUFFER_BYTES);
        private long invalid;

        Decoding(Charset charset, TextSink text) {
            this.decoder = charset.newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT);
            this.text = text;
        }

        /** Returns the number of bytes that are invalid in the charset. */
        long run(InputStream in) throws IOException {
            boolean end = false;
            while (!end) {
                int read = in.readNBytes(bytes.array(), bytes.position(), bytes.remaining());
                end = read < bytes.remaining();
                bytes.position(bytes.position() + read).flip();
                decode(end);
                bytes.compact();
            }
            return invalid;
        }

        private void decode(boolean end) {
            CoderResult result = decoder.decode(bytes, chars, end);
            for (; !result.isUnderflow(); result = decoder.decode(bytes, chars, end)) {
                if (result.isError()) {
                    byte[] malformed = new byte[result.length()];
                    flush();
                    bytes.get(malformed);
                    chars.put(new String(malformed, fallback));
                    invalid += malformed.length;
                    decoder.reset();
                } else {
                    flush();
                }
            }
            flush();
        }

        private void flush() {
            text.text(chars.flip());
            chars.clear();
        }
    }
}
