package dev.streamingsaga.mail;

import dev.streamingsaga.extractor.TextExtractor.TextSink;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.james.mime4j.codec.DecodeMonitor;
import org.apache.james.mime4j.codec.DecoderUtil;
import org.apache.james.mime4j.stream.Field;
import org.apache.james.mime4j.util.MimeUtil;
import org.jspecify.annotations.Nullable;

/** The headers of a mail that people search for, decoded. */
final class MailHeaders {
    private static final List<String> SHOWN = List.of("Subject", "From", "To", "Cc", "Date");
    private static final Charset WESTERN = Charset.forName("windows-1252");

    /** Bounded: the decoder's own pattern takes cubic time. */
    private static final Pattern ENCODED_WORDS =
            Pattern.compile("=\\?[^?\\s]{1,60}+\\?[bBqQ]\\?[^?\\s]{0,1000}+\\?=(?:\\s{1,10}"
                    + "=\\?[^?\\s]{1,60}+\\?[bBqQ]\\?[^?\\s]{0,1000}+\\?=){0,100}");

    private final Map<String, String> values = new LinkedHashMap<>();

    void add(Field field) {
        String name = field.getName();
        for (String shown : SHOWN) {
            if (shown.equalsIgnoreCase(name)) {
                values.putIfAbsent(shown, decode(rawValue(field)));
            }
        }
    }

    /** Writes a line for each header, and an empty line. */
    void write(TextSink text) {
        for (String name : SHOWN) {
            @Nullable String value = values.get(name);
            if (value != null) {
                text.text("%s: %s\n\n".formatted(name, value));
            }
        }
        text.about(value("Subject"), value("From"));
    }

    private String value(String name) {
        return Objects.requireNonNullElse(values.get(name), "");
    }

    private static String rawValue(Field field) {
        byte[] raw = field.getRaw() == null ? new byte[0] : field.getRaw().toByteArray();
        String line = raw.length == 0 ? field.getName() + ":" + field.getBody() : unencoded(raw);
        return line.substring(line.indexOf(':') + 1);
    }

    /** Headers should be ASCII. Otherwise they are UTF-8, or an old program wrote them. */
    private static String unencoded(byte[] raw) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(raw))
                    .toString();
        } catch (CharacterCodingException e) {
            return new String(raw, WESTERN);
        }
    }

    /** Decodes encoded words and joins folded lines. */
    static String decode(String value) {
        String line = MimeUtil.unfold(value).strip();
        return ENCODED_WORDS
                .matcher(line)
                .replaceAll(words ->
                        Matcher.quoteReplacement(DecoderUtil.decodeEncodedWords(words.group(), DecodeMonitor.SILENT)));
    }
}
