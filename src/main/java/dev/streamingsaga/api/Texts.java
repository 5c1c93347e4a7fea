package dev.streamingsaga.api;

import dev.streamingsaga.intake.Shown;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Text from outside, made fit to be used or shown. */
final class Texts {
    private Texts() {}

    /** For messages: short, and without control characters. */
    static String shown(String text) {
        return Shown.text(text);
    }

    /**
     * One segment of a path, decoded.
     *
     * @throws Problem 400 if it is no percent-encoded UTF-8
     */
    static String segment(String encoded) {
        ByteBuffer bytes = ByteBuffer.allocate(encoded.length() * 4);
        for (int i = 0; i < encoded.length(); i++) {
            char c = encoded.charAt(i);
            if (c == '%') {
                bytes.put(hex(encoded, i + 1));
                i += 2;
            } else {
                bytes.put(Character.toString(c).getBytes(StandardCharsets.UTF_8));
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            throw new Problem(400, "bad-encoding", "the path is not percent-encoded UTF-8; encode it as such", e);
        }
    }

    private static byte hex(String encoded, int at) {
        if (at + 2 > encoded.length() || !encoded.substring(at, at + 2).matches("[0-9A-Fa-f]{2}")) {
            throw new Problem(400, "bad-encoding", "the path has a % without two hexadecimal digits; encode it as %25");
        }
        return (byte) Integer.parseInt(encoded.substring(at, at + 2), 16);
    }
}
