package dev.streamingsaga.api;

import dev.streamingsaga.intake.PrintableText;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Decodes text from requests, and makes it safe to show. */
final class RequestText {
    private RequestText() {}

    /** Makes text safe for messages: short, and without control characters. */
    static String shown(String text) {
        return PrintableText.text(text);
    }

    /**
     * Decodes one path segment, or one name or value of a query. Some clients send UTF-8 without percent-encoding; a
     * server passes each such byte as one character.
     *
     * @throws Problem 400 if the text is neither percent-encoded UTF-8 nor plain UTF-8
     */
    static String decoded(String encoded) {
        ByteBuffer bytes = ByteBuffer.allocate(encoded.length() * 4);
        for (int i = 0; i < encoded.length(); i++) {
            char c = encoded.charAt(i);
            if (c == '%') {
                bytes.put(hex(encoded, i + 1));
                i += 2;
            } else if (c <= 0xFF) {
                bytes.put((byte) c);
            } else {
                throw new Problem(
                        400,
                        "bad-encoding",
                        "the path or query has a character that is not percent-encoded; encode it as UTF-8");
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            throw new Problem(
                    400, "bad-encoding", "the path or query is not percent-encoded UTF-8; encode it as such", e);
        }
    }

    private static byte hex(String encoded, int at) {
        if (at + 2 > encoded.length() || !encoded.substring(at, at + 2).matches("[0-9A-Fa-f]{2}")) {
            throw new Problem(
                    400, "bad-encoding", "the path or query has a % without two hexadecimal digits; encode it as %25");
        }
        return (byte) Integer.parseInt(encoded.substring(at, at + 2), 16);
    }
}
