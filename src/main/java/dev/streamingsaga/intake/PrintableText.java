package dev.streamingsaga.intake;

/** Text from outside, for messages and terminals. */
public final class PrintableText {
    private static final int SHOWN_CHARS = 100;
    private static final int ZERO_WIDTH_NON_JOINER = 0x200C;
    private static final int ZERO_WIDTH_JOINER = 0x200D;

    private PrintableText() {}

    /**
     * Whether a character can stand in a line of text without changing what is around it. Not allowed: control
     * characters, line and paragraph separators, half surrogate pairs, and marks of format, those that turn the writing
     * direction among them. The two joiners are marks of format as well, but Persian, Hindi and many emoji are written
     * with them.
     */
    public static boolean isPrintable(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL, Character.SURROGATE -> false;
            case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
            case Character.FORMAT -> codePoint == ZERO_WIDTH_NON_JOINER || codePoint == ZERO_WIDTH_JOINER;
            default -> true;
        };
    }

    /** With a question mark for each character that is not printable. */
    public static String line(String text) {
        StringBuilder clean = new StringBuilder(text.length());
        text.codePoints().forEach(c -> clean.appendCodePoint(isPrintable(c) ? c : '?'));
        return clean.toString();
    }

    /** In quotes, short, and printable. */
    public static String text(String text) {
        String clean = line(text);
        boolean cut = clean.codePointCount(0, clean.length()) > SHOWN_CHARS;
        return "\"" + (cut ? clean.substring(0, clean.offsetByCodePoints(0, SHOWN_CHARS)) + "…" : clean) + "\"";
    }
}
