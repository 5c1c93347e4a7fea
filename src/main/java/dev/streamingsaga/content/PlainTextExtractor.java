package dev.streamingsaga.content;

import java.io.ByteArrayInputStream;
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
import java.nio.charset.StandardCharsets;
import org.apache.tika.detect.DefaultEncodingDetector;
import org.apache.tika.metadata.Metadata;

/**
 * Streams text files of any size as one page. Reads UTF-8 if the first 64 KiB are valid UTF-8, else the charset that
 * Tika detects. Reads bytes that are invalid in that charset as Windows-1252, so that an ASCII file with a late umlaut
 * loses nothing.
 */
final class PlainTextExtractor implements TextExtractor {
    private static final int BUFFER_BYTES = 32 * 1024;
    private static final Charset WESTERN = Charset.forName("windows-1252");
    private static final int LONGEST_UTF_8_BYTES = 4;

    @Override
    public void extract(SeekableByteChannel file, TextSink text) throws IOException {
        text.pages(1);
        CharsetDecoder decoder = charset(ContentTypes.prefix(file))
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer bytes = ByteBuffer.allocate(BUFFER_BYTES);
        CharBuffer chars = CharBuffer.allocate(BUFFER_BYTES);
        InputStream in = Channels.newInputStream(file.position(0));
        boolean end = false;
        while (!end) {
            int read = in.readNBytes(bytes.array(), bytes.position(), bytes.remaining());
            end = read < bytes.remaining();
            bytes.position(bytes.position() + read).flip();
            decode(decoder, bytes, chars, end, text);
            bytes.compact();
        }
        text.endPage();
    }

    private static void decode(CharsetDecoder decoder, ByteBuffer bytes, CharBuffer chars, boolean end, TextSink text) {
        while (true) {
            CoderResult result = decoder.decode(bytes, chars, end);
            if (result.isError()) {
                byte[] malformed = new byte[result.length()];
                flush(chars, text);
                bytes.get(malformed);
                chars.put(new String(malformed, WESTERN));
                decoder.reset();
            } else {
                flush(chars, text);
                if (result.isUnderflow()) {
                    return;
                }
            }
        }
    }

    private static void flush(CharBuffer chars, TextSink text) {
        text.text(chars.flip());
        chars.clear();
    }

    private static Charset charset(byte[] prefix) throws IOException {
        if (isUtf8(prefix)) {
            return StandardCharsets.UTF_8;
        }
        Charset detected = new DefaultEncodingDetector().detect(new ByteArrayInputStream(prefix), new Metadata());
        return detected == null ? WESTERN : detected;
    }

    /** The last character may be incomplete. */
    private static boolean isUtf8(byte[] prefix) {
        ByteBuffer bytes = ByteBuffer.wrap(prefix);
        CharBuffer chars = CharBuffer.allocate(prefix.length);
        CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(bytes, chars, false);
        return !result.isError() && bytes.remaining() < LONGEST_UTF_8_BYTES;
    }
}
