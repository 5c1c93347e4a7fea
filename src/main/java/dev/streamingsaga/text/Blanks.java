package dev.streamingsaga.text;

/**
 * White space of extracted text. An empty line, a form feed, a vertical tab and U+2029 separate paragraphs; all other
 * white space separates words.
 */
public final class Blanks {
    private static final char PARAGRAPH = '\u2029';

    private final CharSequence text;
    private final StringBuilder collapsed;

    private Blanks(CharSequence text) {
        this.text = text;
        this.collapsed = new StringBuilder(text.length());
    }

    /** One {@code \n} between paragraphs, one space between words, nothing at the beginning and the end. */
    public static String collapse(CharSequence text) {
        return new Blanks(text).collapse();
    }

    private String collapse() {
        for (int i = 0; i < text.length(); ) {
            char c = text.charAt(i);
            if (isBreakable(c)) {
                i = breaks(i);
            } else {
                append(isHorizontal(c) ? ' ' : c);
                i++;
            }
        }
        return collapsed.toString().strip();
    }

    /** Replaces the run of ASCII white space and paragraph separators that begins here, and returns its end. */
    private int breaks(int from) {
        int lineEnds = 0;
        int pageEnds = 0;
        int separators = 0;
        int i = from;
        for (; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!isBreakable(c)) {
                break;
            }
            lineEnds += c == '\n' ? 1 : 0;
            pageEnds += c == '\f' || c == '\u000B' ? 1 : 0;
            separators += c == PARAGRAPH ? 1 : 0;
        }
        if (separators > 0 || lineEnds > 1 || pageEnds > 0) {
            collapsed.append("\n".repeat(Math.max(1, separators)));
        } else {
            append(' ');
        }
        return i;
    }

    private void append(char c) {
        if (c != ' ' || collapsed.isEmpty() || collapsed.charAt(collapsed.length() - 1) != ' ') {
            collapsed.append(c);
        }
    }

    private static boolean isBreakable(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r') || c == PARAGRAPH;
    }

    /** What patterns call {@code \h}. */
    static boolean isHorizontal(char c) {
        return switch (c) {
            case ' ', '\t', '\u00A0', '\u1680', '\u180E', '\u202F', '\u205F', '\u3000' -> true;
            default -> c >= '\u2000' && c <= '\u200A';
        };
    }
}
