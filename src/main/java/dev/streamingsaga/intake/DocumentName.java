package dev.streamingsaga.intake;

import java.nio.charset.StandardCharsets;

/**
 * The rules for document names. A name is for people only: it never becomes a path, a key or a header. All ingestion
 * endpoints use the same rule: 1 to 255 bytes of UTF-8 with at least one visible character, no slash or backslash, and
 * only characters that {@link PrintableText#isPrintable} allows.
 *
 * <p>A document with any other name is rejected. A file on disk is ingested whatever its name is: its document gets the
 * {@link #cleaned} name, and the journal keeps the original path.
 */
public final class DocumentName {
    private static final int MAX_BYTES = 255;

    private DocumentName() {}

    /** @throws DocumentRefusedException MALFORMED if the name breaks the rule */
    public static String checked(String name) {
        if (!isAllowed(name)) {
            throw new DocumentRefusedException(
                    DocumentRefusedException.Kind.MALFORMED,
                    "bad-name",
                    "a document's name must have 1 to " + MAX_BYTES
                            + " bytes, a visible character, and no slash, backslash, control character or direction"
                            + " mark, was " + PrintableText.text(name));
        }
        return name;
    }

    private static boolean isAllowed(String name) {
        return bytes(name) <= MAX_BYTES
                && hasVisible(name)
                && !name.equals(".")
                && !name.equals("..")
                && name.codePoints().allMatch(DocumentName::isAllowed);
    }

    private static boolean isAllowed(int codePoint) {
        return PrintableText.isPrintable(codePoint) && codePoint != '/' && codePoint != '\\';
    }

    private static boolean hasVisible(String name) {
        return name.codePoints()
                .anyMatch(c -> PrintableText.isPrintable(c)
                        && Character.getType(c) != Character.FORMAT
                        && !Character.isWhitespace(c)
                        && !Character.isSpaceChar(c));
    }

    /**
     * @param name of a file on disk
     * @return the name itself if it is allowed; otherwise the name with each forbidden character percent-encoded as in
     *     a URL; if that is too long, with underscores instead, cut to 255 bytes
     */
    public static String cleaned(String name) {
        if (isAllowed(name)) {
            return name;
        }
        boolean unusable = !hasVisible(name) || name.equals(".") || name.equals("..");
        StringBuilder encoded = new StringBuilder();
        StringBuilder replaced = new StringBuilder();
        name.codePoints().forEach(c -> {
            boolean keep = !unusable && isAllowed(c);
            encoded.append(keep ? Character.toString(c) : percent(c));
            if (bytes(replaced.toString()) + 4 <= MAX_BYTES) {
                replaced.append(keep ? Character.toString(c) : "_");
            }
        });
        if (encoded.length() > 0 && bytes(encoded.toString()) <= MAX_BYTES) {
            return encoded.toString();
        }
        return replaced.length() > 0 ? replaced.toString() : "_";
    }

    private static String percent(int codePoint) {
        StringBuilder text = new StringBuilder();
        // Half a surrogate pair has no UTF-8 encoding: use the replacement character.
        boolean half = Character.getType(codePoint) == Character.SURROGATE;
        String character = half ? "\uFFFD" : Character.toString(codePoint);
        for (byte b : character.getBytes(StandardCharsets.UTF_8)) {
            text.append(String.format("%%%02X", b & 0xff));
        }
        return text.toString();
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
