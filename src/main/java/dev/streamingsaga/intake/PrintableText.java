package dev.streamingsaga.intake;

/** Makes text from outside safe for messages and terminals. */
public final class PrintableText {
    private static final int SHOWN_CHARS = 100;
    private static final int ZERO_WIDTH_NON_JOINER = 0x200C;
    private static final int ZERO_WIDTH_JOINER = 0x200D;

    private PrintableText() {}

    /**
     * Whether a character can appear in a line of text without changing the text around it. Not printable: control
     * characters, line and paragraph separators, half surrogate pairs, and format characters, such as those that change
     * the writing direction. The two zero-width joiners are format characters as well, but allowed, since Persian,
     * Hindi and many emoji need them.
     */
    public static boolean isPrintable(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL, Character.SURROGATE -> false;
            case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
            case Character.FORMAT -> codePoint == ZERO_WIDTH_NON_JOINER || codePoint == ZERO_WIDTH_JOINER;
            default -> true;
        };
    }

    /** Replaces each character that is not printable by a question mark. */
    public static String line(String text) {
        StringBuilder clean = new StringBuilder(text.length());
        text.codePoints().forEach(c -> clean.appendCodePoint(isPrintable(c) ? c : '?'));
        return clean.toString();
    }

    /** Returns the text printable, in quotes, and cut to 100 characters. */
    public static String text(String text) {
        String clean = line(text);
        boolean cut = clean.codePointCount(0, clean.length()) > SHOWN_CHARS;
        return "\"" + (cut ? clean.substring(0, clean.offsetByCodePoints(0, SHOWN_CHARS)) + "…" : clean) + "\"";
    }
}
