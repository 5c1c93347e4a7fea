package dev.streamingsaga.text;

import java.text.Normalizer;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Normalizes extracted text for search: composed characters, no control characters, no soft hyphens, words joined that
 * a line break has split, one space between words. {@code \n} separates paragraphs. The work grows linearly with the
 * text, whatever the text is.
 *
 * <p>A hyphen at a line end is dropped before a lower-case letter (Verarbei-/tung) and kept before anything else
 * (Nord-/Süd, 1990-/1995); before a conjunction it stands for an omitted word, and a space is added (Ein-/und Ausgabe).
 */
public final class TextCleaner {
    /** No language stacks so many marks on a letter; Unicode's stream-safe text format has the same limit. */
    public static final int MARKS_AT_A_TIME = 30;

    private static final char SOFT_HYPHEN = '\u00AD';

    /** The first character that NFC may change or join to another one. */
    private static final char FIRST_MARK = '\u0300';

    /** What {@link #clean} does, in order. Each works in linear time. */
    public static final List<Function<CharSequence, String>> STEPS = List.of(
            TextCleaner::compose,
            replace(TextCleaner::hasOtherLineEnds, "\\r\\n?|[\\u0085\\u2028]", "\n"),
            // what databases reject
            replace(TextCleaner::hasRejected, "[\\p{Cc}\\p{Cs}\\uFEFF\\uFFFE\\uFFFF&&[^\\t\\n\\f\\u000B]]", ""),
            // soft hyphens
            replace(text -> contains(text, SOFT_HYPHEN), "\\u00AD(?:\\h*\\n\\h*)?", ""),
            // an omitted word
            replace(
                    TextCleaner::hasHyphenAtLineEnd,
                    "(?<=\\p{L})([-\\u2010])\\h*\\n\\h*(?=(?:und|oder|bzw|sowie|bis|and|or|to)\\b)",
                    "$1 "),
            // a split word
            replace(TextCleaner::hasHyphenAtLineEnd, "(?<=\\p{L})[-\\u2010]\\h*\\n\\h*(?=\\p{Ll})", ""),
            // another hyphen at a line end
            replace(
                    TextCleaner::hasHyphenAtLineEnd,
                    "(?<=[\\p{L}\\p{N}])([-\\u2010])\\h*\\n\\h*(?=[\\p{Lu}\\p{N}])",
                    "$1"),
            Blanks::collapse);

    /** More of a title or a name is not even looked at. */
    private static final int LINE_INPUT_CHARS = 32 * 1024;

    private TextCleaner() {}

    /** @param needed quickly says that nothing can match, which is so for nearly all text */
    private static Function<CharSequence, String> replace(
            Predicate<CharSequence> needed, String pattern, String replacement) {
        Pattern compiled = Pattern.compile(pattern);
        return text -> needed.test(text) ? compiled.matcher(text).replaceAll(replacement) : text.toString();
    }

    private static boolean hasOtherLineEnds(CharSequence text) {
        return hasAny(text, c -> c == '\r' || c == '\u0085' || c == '\u2028');
    }

    private static boolean hasRejected(CharSequence text) {
        return hasAny(text, c -> {
            boolean white = c == '\t' || c == '\n' || c == '\f' || c == '\u000B';
            return Character.isISOControl(c) && !white || Character.isSurrogate(c) || c == '\uFEFF' || c >= '\uFFFE';
        });
    }

    private static boolean hasHyphenAtLineEnd(CharSequence text) {
        boolean hyphen = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (hyphen && c == '\n') {
                return true;
            }
            hyphen = c == '-' || c == '\u2010' || hyphen && Blanks.isHorizontal(c);
        }
        return false;
    }

    private static boolean contains(CharSequence text, char searched) {
        return hasAny(text, c -> c == searched);
    }

    private interface CharPredicate {
        boolean test(char c);
    }

    private static boolean hasAny(CharSequence text, CharPredicate searched) {
        for (int i = 0; i < text.length(); i++) {
            if (searched.test(text.charAt(i))) {
                return true;
            }
        }
        return false;
    }

    public static String clean(String raw) {
        String text = raw;
        for (Function<CharSequence, String> step : STEPS) {
            text = step.apply(text);
        }
        return text;
    }

    /**
     * Composes characters (NFC). A run of more than {@value #MARKS_AT_A_TIME} marks is composed in pieces, since to
     * sort it takes quadratic time.
     */
    private static String compose(CharSequence raw) {
        if (!hasAny(raw, c -> c >= FIRST_MARK)) {
            return raw.toString();
        }
        StringBuilder composed = new StringBuilder(raw.length());
        int start = 0;
        int marks = 0;
        for (int i = 0; i < raw.length(); ) {
            int character = Character.codePointAt(raw, i);
            marks = isMark(character) ? marks + 1 : 0;
            if (marks > MARKS_AT_A_TIME) {
                composed.append(Normalizer.normalize(raw.subSequence(start, i), Normalizer.Form.NFC));
                start = i;
                marks = 1;
            }
            i += Character.charCount(character);
        }
        return composed.append(Normalizer.normalize(raw.subSequence(start, raw.length()), Normalizer.Form.NFC))
                .toString();
    }

    private static boolean isMark(int character) {
        int type = Character.getType(character);
        return type == Character.NON_SPACING_MARK
                || type == Character.COMBINING_SPACING_MARK
                || type == Character.ENCLOSING_MARK;
    }

    /** Cleans a line of file metadata: no control characters, at most {@code maxChars} long. */
    public static String line(String raw, int maxChars) {
        String text = clean(cut(raw, LINE_INPUT_CHARS)).replace('\n', ' ');
        return cut(text, maxChars);
    }

    private static String cut(String text, int maxChars) {
        if (text.length() <= maxChars) {
            return text;
        }
        return text.substring(0, Character.isHighSurrogate(text.charAt(maxChars - 1)) ? maxChars - 1 : maxChars);
    }
}
