package dev.streamingsaga.store;

import dev.streamingsaga.store.SearchText.Word;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A word to search for.
 *
 * @param part whether it is two adjacent letters of a script without spaces, or a single one
 */
record Term(String folded, String stem, boolean part) {
    /** Words from this length on are also found at the beginning of a word, and inside it. */
    private static final int MIN_PREFIX_CHARS = 4;

    static Term of(Word word) {
        return new Term(word.folded(), word.stem(), word.part());
    }

    /** The different words, without the last letter of a run of letters, which the one before contains. */
    static List<Term> of(List<Word> words) {
        Map<String, Term> terms = new LinkedHashMap<>();
        withoutLastLetters(words).forEach(word -> terms.putIfAbsent(word.stem(), of(word)));
        return List.copyOf(terms.values());
    }

    static List<Word> withoutLastLetters(List<Word> words) {
        List<Word> kept = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            if (i == 0 || !isLastLetter(words.get(i - 1), words.get(i))) {
                kept.add(words.get(i));
            }
        }
        return kept;
    }

    private static boolean isLastLetter(Word before, Word word) {
        return word.part() && before.part() && word.end() == before.end() && isOneLetter(word.folded());
    }

    private static boolean isOneLetter(String word) {
        return word.codePointCount(0, word.length()) == 1;
    }

    boolean hasPrefix() {
        return !part && stem.length() >= MIN_PREFIX_CHARS;
    }

    /** Whether it has to be searched for as the beginning of a word: a pair begins with it. */
    boolean isOnlyPrefix() {
        return part && isOneLetter(folded);
    }

    /** Whether it is also searched for inside words. */
    boolean hasParts() {
        return hasPrefix();
    }
}
