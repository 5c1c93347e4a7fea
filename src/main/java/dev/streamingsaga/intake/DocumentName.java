package dev.streamingsaga.intake;

import java.nio.charset.StandardCharsets;

/**
 * What a document is called. For people only: never a path, a key or a header. One rule for all ingestion endpoints: 1
 * to 255 bytes of UTF-8, something visible among them, no slash or backslash, and only characters that
 * {@link PrintableText#isPrintable} allows.
 *
 * <p>A sender that states another name is refused. A file on disk is ingested whatever it is called: its document has
 * the {@link #cleaned} name, and the journal keeps the path as it is.
 */
public final class DocumentName {
    private static final int MAX_BYTES = 255;

    private DocumentName() {}

    /** @throws DocumentRefusedException MALFORMED if a document must not be called so */
    public static String checked(String name) {
        if (!isAllowed(name)) {
            throw new DocumentRefusedException(
                    DocumentRefusedException.Kind.MALFORMED,
                    "bad-name",
                    "a document's name must have 1 to " + MAX_BYTES
                            + " bytes, something visible, and no slash, backslash, control character or mark of writing"
                            + " direction, was " + PrintableText.text(name));
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
     * @return the name itself if it is allowed; else with each character that is not, percent-encoded as in a URL; if
     *     that is too long, with underscores instead, cut to 255 bytes
     */
    public static String cleaned(String name) {
        if (isAllowed(name)) {
            return name;
        }
        boolean none = !hasVisible(name) || name.equals(".") || name.equals("..");
        StringBuilder encoded = new StringBuilder();
        StringBuilder replaced = new StringBuilder();
        name.codePoints().forEach(c -> {
            boolean keep = !none && isAllowed(c);
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
        // Half a surrogate pair has no UTF-8: encoded as what stands for such.
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
