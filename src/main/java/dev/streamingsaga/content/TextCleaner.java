package dev.streamingsaga.content;

import java.text.Normalizer;
import java.util.regex.Pattern;

/**
 * Normalizes extracted text for search: composed characters, no control characters, no soft hyphens, words joined that
 * a line break has split, one space between words. {@code \n} separates paragraphs.
 *
 * <p>A hyphen at a line end is dropped before a lower-case letter (Verarbei-/tung) and kept before anything else
 * (Nord-/Süd, 1990-/1995); before a conjunction it stands for an omitted word, and a space is added (Ein-/und Ausgabe).
 */
final class TextCleaner {
    private static final Pattern LINE_END = Pattern.compile("\\r\\n?|[\\u0085\\u2028]");
    private static final Pattern SOFT_HYPHEN = Pattern.compile("\\u00AD(?:\\h*\\n\\h*)?");
    private static final Pattern OMITTED_WORD =
            Pattern.compile("(?<=\\p{L})([-\\u2010])\\h*\\n\\h*(?=(?:und|oder|bzw|sowie|bis|and|or|to)\\b)");
    private static final Pattern SPLIT_WORD = Pattern.compile("(?<=\\p{L})[-\\u2010]\\h*\\n\\h*(?=\\p{Ll})");
    private static final Pattern HYPHEN_AT_LINE_END =
            Pattern.compile("(?<=[\\p{L}\\p{N}])([-\\u2010])\\h*\\n\\h*(?=[\\p{Lu}\\p{N}])");
    private static final Pattern PARAGRAPH = Pattern.compile("\\s*(?:\\n\\s*\\n|[\\f\\u000B\\u2029])\\s*");
    private static final Pattern SPACE = Pattern.compile("[\\s\\h&&[^\\u2029]]+");
    private static final Pattern INVALID =
            Pattern.compile("[\\p{Cc}\\p{Cs}\\uFEFF\\uFFFE\\uFFFF&&[^\\t\\n\\f\\u000B]]");

    private TextCleaner() {}

    static String clean(String raw) {
        String text = Normalizer.normalize(raw, Normalizer.Form.NFC);
        text = LINE_END.matcher(text).replaceAll("\n");
        text = INVALID.matcher(text).replaceAll("");
        text = SOFT_HYPHEN.matcher(text).replaceAll("");
        text = OMITTED_WORD.matcher(text).replaceAll("$1 ");
        text = SPLIT_WORD.matcher(text).replaceAll("");
        text = HYPHEN_AT_LINE_END.matcher(text).replaceAll("$1");
        text = PARAGRAPH.matcher(text).replaceAll("\u2029");
        text = SPACE.matcher(text).replaceAll(" ");
        return text.replace('\u2029', '\n').strip();
    }

    /** Cleans a line of file metadata: no control characters, at most {@code maxChars} long. */
    static String line(String raw, int maxChars) {
        String text = clean(raw).replace('\n', ' ');
        if (text.length() <= maxChars) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(maxChars - 1)) ? maxChars - 1 : maxChars;
        return text.substring(0, end);
    }
}
