package dev.streamingsaga.charset;

import java.util.HashMap;
import java.util.Map;

/**
 * Scores how much a decoded text looks like a language: wrong charsets put symbols and capitals inside words, mix
 * scripts, and produce letters that do not occur together in any language. Only non-ASCII characters count. Higher is
 * better. Scores are comparable only for decodings of the same bytes.
 */
final class LetterScore {
    private static final int BROKEN = -10;
    private static final int IN_WORD = -5;
    private static final int ODD = -2;
    private static final int EAST_ASIAN = 5;

    private static final String JOINERS = "\u2019\u00B7\u00AD\u200C\u200D\u2010\u2011\u2013\u2014\u2018";
    private static final String PUNCTUATION = "\u00A0\u201C\u201D\u201E\u201A\u2018\u2019\u2013\u2014\u2026\u00AB\u00BB"
            + "\u2039\u203A\u20AC\u00A3\u00A5\u00A7\u00A9\u00AE\u00B0\u00B2\u00B3\u00B5\u00B1\u00B7\u2022\u2122\u00BF\u00A1"
            + "\u00D7\u00AA\u00BA\u00BC\u00BD\u00BE\u3000\u3001\u3002\u300C\u300D\u300E\u300F\u30FB\uFF08\uFF09\uFF01\uFF1F"
            + "\uFF0C\uFF1A\uFF1B\u060C\u061B\u061F\u2116";
    private static final String ASCII_SYMBOLS = "{}[]\\|~^@#`";

    private final String text;
    private final Map<Character, Integer> letters = new HashMap<>();
    private int score;

    private LetterScore(String text) {
        this.text = text;
    }

    static int of(String text) {
        LetterScore score = new LetterScore(text);
        for (int i = 0; i < text.length(); i++) {
            score.add(i, text.charAt(i));
        }
        return score.score + LanguageLetters.best(score.letters);
    }

    private void add(int i, char c) {
        if (c < 0x80) {
            score += ASCII_SYMBOLS.indexOf(c) >= 0 && isInWord(i) ? IN_WORD : 0;
        } else if (PUNCTUATION.indexOf(c) >= 0 || JOINERS.indexOf(c) >= 0) {
            score += JOINERS.indexOf(c) < 0 && isInWord(i) ? IN_WORD : 0;
        } else if (isBroken(c)) {
            score += BROKEN;
        } else if (isEastAsian(c)) {
            score += isCommon(c) && !isLost(i) ? EAST_ASIAN : IN_WORD;
        } else if (isLetter(c)) {
            addLetter(i, c);
        } else {
            score += isInWord(i) ? IN_WORD : ODD;
        }
    }

    /** A single East Asian character in a Latin word. */
    private boolean isLost(int i) {
        return !isEastAsian(at(i - 1)) && !isEastAsian(at(i + 1)) && (isLatin(at(i - 1)) || isLatin(at(i + 1)));
    }

    private static boolean isLatin(char c) {
        return c >= 'a' && c <= 'z';
    }

    /** A blank before the beginning and after the end. */
    private char at(int i) {
        return i >= 0 && i < text.length() ? text.charAt(i) : ' ';
    }

    private void addLetter(int i, char c) {
        letters.merge(Character.toLowerCase(c), 1, Integer::sum);
        char before = at(i - 1);
        char after = at(i + 1);
        if (Character.isUpperCase(c) && Character.isLowerCase(before)) {
            score += IN_WORD;
        }
        if (Character.isUpperCase(before) && Character.isLowerCase(c) && Character.isLowerCase(at(i - 2))) {
            score += IN_WORD;
        }
        score += mixes(c, before) || mixes(c, after) ? IN_WORD : 0;
    }

    private static boolean mixes(char c, char neighbour) {
        return isLetter(neighbour)
                && !isMark(c)
                && !isMark(neighbour)
                && Character.UnicodeScript.of(c) != Character.UnicodeScript.of(neighbour);
    }

    private boolean isInWord(int i) {
        return isLetter(at(i - 1)) && isLetter(at(i + 1));
    }

    private static boolean isLetter(char c) {
        return Character.isLetter(c) || isMark(c);
    }

    private static boolean isMark(char c) {
        return Character.getType(c) == Character.NON_SPACING_MARK;
    }

    private static boolean isBroken(char c) {
        return c == '\uFFFD'
                || Character.isISOControl(c)
                || !Character.isDefined(c)
                || Character.getType(c) == Character.PRIVATE_USE;
    }

    private static boolean isEastAsian(char c) {
        return c >= '\u3005' && c <= '\u9FFF'
                || c >= '\uAC00' && c <= '\uD7A3'
                || c >= '\uF900' && c <= '\uFAFF'
                || c >= '\uFF00' && c <= '\uFFEF';
    }

    private static boolean isCommon(char c) {
        return CommonCharacters.contain(c) || c >= '\u3041' && c <= '\u30FC' || c >= '\uFF10' && c <= '\uFF5A';
    }
}
