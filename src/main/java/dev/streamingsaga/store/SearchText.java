package dev.streamingsaga.store;

import java.lang.Character.UnicodeScript;
import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Splits text into the words that are compared: those of a document and those of a search text in the same way.
 *
 * <ul>
 *   <li>Case, accents, ligatures and full width make no difference; ß is ss, and ä is a and ae.
 *   <li>A run of letters in a script that is written without spaces becomes each two adjacent letters of it, so that
 *       any part of two letters or more is a phrase.
 *   <li>Words with hyphens are also found without them.
 *   <li>The most common endings of German and English words make no difference ({@link Word#stem}).
 * </ul>
 *
 * <p>Rows of the word index have the number of this format: {@link WordIndex#FORMAT}.
 */
final class SearchText {
    static final int GRAM = 3;
    /** Letters of a word that are compared. */
    static final int MAX_WORD_CHARS = 64;

    private static final int ONE_MARK = 0x0300;
    private static final int LAST_MARK = 0x036F;
    private static final int ASCII = 0x80;
    private static final int MIN_STEM = 4;
    private static final List<String> ENDINGS = List.of("ern", "ing", "em", "en", "er", "es", "ed", "e");

    private static final Set<UnicodeScript> WITHOUT_SPACES = EnumSet.of(
            UnicodeScript.HAN,
            UnicodeScript.HIRAGANA,
            UnicodeScript.KATAKANA,
            UnicodeScript.BOPOMOFO,
            UnicodeScript.HANGUL,
            UnicodeScript.THAI,
            UnicodeScript.LAO,
            UnicodeScript.KHMER,
            UnicodeScript.MYANMAR);

    private SearchText() {}

    /**
     * @param folded without case, accents and the like
     * @param stem the word in the index
     * @param start of the word in the text
     * @param end after the word
     * @param part whether it is two adjacent letters of a run without spaces, or its last one
     */
    record Word(String folded, String stem, int start, int end, boolean part) {}

    /** @param all those in order, then those that hyphens divide once more as one */
    record Words(List<Word> inOrder, List<Word> all) {}

    static Words of(String text) {
        return new Splitter(text).split();
    }

    private static boolean isWord(int c) {
        if (c < ASCII) {
            return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
        }
        return switch (Character.getType(c)) {
            case Character.UPPERCASE_LETTER,
                    Character.LOWERCASE_LETTER,
                    Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER,
                    Character.OTHER_LETTER,
                    Character.NON_SPACING_MARK,
                    Character.ENCLOSING_MARK,
                    Character.COMBINING_SPACING_MARK,
                    Character.DECIMAL_DIGIT_NUMBER,
                    Character.LETTER_NUMBER,
                    Character.OTHER_NUMBER -> true;
            default -> false;
        };
    }

    /** Soft hyphens and joiners within a word. */
    private static boolean isIgnored(int c) {
        return c == 0xAD || c == 0x200C || c == 0x200D || c == 0x2060 || c == 0xFEFF;
    }

    private static boolean isHyphen(int c) {
        return c == '-' || c == 0x2010 || c == 0x2011;
    }

    private static boolean isWithoutSpaces(int c) {
        return c >= 0x0E00 && WITHOUT_SPACES.contains(UnicodeScript.of(c)) || c == 0x30FC; // the long vowel of katakana
    }

    /** Replaces what makes no difference: see {@link SearchText}. */
    static String folded(String run) {
        return withoutUmlautSpelling(isAscii(run) ? run.toLowerCase(Locale.ROOT) : foldedUnicode(run));
    }

    private static boolean isAscii(String run) {
        for (int i = 0; i < run.length(); i++) {
            if (run.charAt(i) >= ASCII) {
                return false;
            }
        }
        return true;
    }

    private static String foldedUnicode(String run) {
        String lower = Normalizer.normalize(run, Form.NFKC)
                .toUpperCase(Locale.ROOT)
                .toLowerCase(Locale.ROOT)
                .replace("ß", "ss")
                .replace('ς', 'σ');
        StringBuilder letters = new StringBuilder();
        Normalizer.normalize(lower, Form.NFD)
                .codePoints()
                .filter(c -> (c < ONE_MARK || c > LAST_MARK) && isWord(c))
                .forEach(letters::appendCodePoint);
        return Normalizer.normalize(letters, Form.NFC);
    }

    /** {@code ae}, {@code oe}, {@code ue} become one letter, except after q and vowels, as in "neue" and "Quelle". */
    private static String withoutUmlautSpelling(String word) {
        if (!hasUmlautSpelling(word)) {
            return word;
        }
        StringBuilder letters = new StringBuilder();
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            boolean afterUmlaut = c == 'e'
                    && i > 0
                    && "aou".indexOf(word.charAt(i - 1)) >= 0
                    && (i == 1 || "aeiouq".indexOf(word.charAt(i - 2)) < 0);
            if (!afterUmlaut) {
                letters.append(c);
            }
        }
        return letters.toString();
    }

    private static boolean hasUmlautSpelling(String word) {
        for (int e = word.indexOf('e', 1); e > 0; e = word.indexOf('e', e + 1)) {
            char before = word.charAt(e - 1);
            if (before == 'a' || before == 'o' || before == 'u') {
                return true;
            }
        }
        return false;
    }

    /** Removes an ending, so that at least {@value #MIN_STEM} letters remain. */
    static String stem(String folded) {
        String word = folded;
        if (word.length() > MIN_STEM && word.endsWith("s") && !word.endsWith("ss")) {
            word = word.substring(0, word.length() - 1);
        }
        for (String ending : ENDINGS) {
            if (word.length() >= MIN_STEM + ending.length() && word.endsWith(ending)) {
                return word.substring(0, word.length() - ending.length());
            }
        }
        return word.length() > MIN_STEM && (word.endsWith("ln") || word.endsWith("rn"))
                ? word.substring(0, word.length() - 1)
                : word;
    }

    /** Each three adjacent letters of the words, once; none of words that are shorter. */
    static Set<String> grams(Iterable<Word> words) {
        Set<String> grams = new LinkedHashSet<>();
        for (Word word : words) {
            if (!word.part()) {
                addGrams(word.folded(), grams);
            }
        }
        return grams;
    }

    /** Enough of the grams of a part of a word that each of its letters is in one. */
    static Set<String> gramsToFind(String part) {
        Set<String> grams = new LinkedHashSet<>();
        int last = part.length() - GRAM;
        for (int i = 0; i <= last; i += last > 2 * GRAM ? 2 : 1) {
            grams.add(part.substring(i, i + GRAM));
        }
        grams.add(part.substring(last));
        return grams;
    }

    private static void addGrams(String word, Set<String> grams) {
        for (int i = 0; i + GRAM <= word.length(); i++) {
            grams.add(word.substring(i, i + GRAM));
        }
    }

    private static final class Splitter {
        private final String text;
        private final List<Word> words = new ArrayList<>();
        private final List<Word> joined = new ArrayList<>();
        /** Index of the first word of those that only hyphens divide. */
        private int firstOfCompound;

        private int compoundStart;

        Splitter(String text) {
            this.text = text;
        }

        Words split() {
            int i = 0;
            while (i < text.length()) {
                int c = text.codePointAt(i);
                if (isWord(c)) {
                    i = run(i);
                } else {
                    i += Character.charCount(c);
                }
            }
            List<Word> all = new ArrayList<>(words);
            all.addAll(joined);
            return new Words(words, all);
        }

        private int run(int start) {
            boolean continued = start > 0
                    && isHyphen(text.charAt(start - 1))
                    && !words.isEmpty()
                    && words.get(words.size() - 1).end() == start - 1;
            if (!continued) {
                firstOfCompound = words.size();
                compoundStart = start;
            }
            int end = start;
            boolean spaces = !isWithoutSpaces(text.codePointAt(start));
            while (end < text.length()) {
                int c = text.codePointAt(end);
                boolean mark = c >= ASCII && Character.getType(c) == Character.NON_SPACING_MARK;
                if (!isIgnored(c) && (!isWord(c) || !mark && spaces == isWithoutSpaces(c))) {
                    break;
                }
                end += Character.charCount(c);
            }
            add(start, end, spaces);
            if (continued && spaces && (end == text.length() || !isHyphen(text.charAt(end)))) {
                join(end);
            }
            return end;
        }

        private void add(int start, int end, boolean spaces) {
            String run = text.substring(start, end);
            String folded = folded(run);
            if (folded.isEmpty()) {
                return;
            }
            if (spaces) {
                words.add(word(folded, start, end));
                return;
            }
            int[] letters = folded.codePoints().toArray();
            boolean sameLength = folded.length() == run.length();
            int at = start;
            for (int i = 0; i < letters.length; i++) {
                int count = Math.min(2, letters.length - i);
                String pair = new String(letters, i, count);
                words.add(new Word(pair, pair, sameLength ? at : start, sameLength ? at + pair.length() : end, true));
                at += Character.charCount(letters[i]);
            }
        }

        private void join(int end) {
            StringBuilder whole = new StringBuilder();
            words.subList(firstOfCompound, words.size()).forEach(word -> whole.append(word.folded()));
            joined.add(word(whole.toString(), compoundStart, end));
        }

        private static Word word(String folded, int start, int end) {
            int length = Math.min(folded.length(), MAX_WORD_CHARS);
            if (length < folded.length() && Character.isLowSurrogate(folded.charAt(length))) {
                length--;
            }
            String compared = folded.substring(0, length);
            return new Word(compared, stem(compared), start, end, false);
        }
    }
}
