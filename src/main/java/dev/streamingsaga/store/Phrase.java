package dev.streamingsaga.store;

import dev.streamingsaga.store.SearchText.Word;
import dev.streamingsaga.store.SearchText.Words;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Words in sequence. Accents and case are ignored. */
final class Phrase {
    private final List<Word> words;
    private final List<String> folded;
    private final List<String> stems;

    private Phrase(List<Word> words) {
        this.words = words;
        this.folded = folded(words);
        this.stems = stems(words);
    }

    static Phrase of(String text) {
        return new Phrase(Term.withoutLastLetters(SearchText.of(text).inOrder()));
    }

    boolean isEmpty() {
        return words.isEmpty();
    }

    /** Whether the text has these words in this sequence, with the same endings. */
    boolean isIn(Words text) {
        return Collections.indexOfSubList(folded(Term.withoutLastLetters(text.inOrder())), folded) >= 0;
    }

    /** As {@link #isIn}, whatever the endings: "daylight saving" is in "daylight savings". */
    boolean isInAnyForm(Words text) {
        return Collections.indexOfSubList(stems(Term.withoutLastLetters(text.inOrder())), stems) >= 0;
    }

    private static List<String> stems(List<Word> words) {
        return words.stream().map(Word::stem).toList();
    }

    private static List<String> folded(List<Word> words) {
        return words.stream().map(Word::folded).toList();
    }

    /** What the index finds it by: stems. Between two runs of letters without spaces the sequence ends. */
    List<List<String>> sequences() {
        List<List<String>> sequences = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            boolean continued = i > 0
                    && (!words.get(i - 1).part()
                            || words.get(i).part()
                                    && words.get(i).start() < words.get(i - 1).end());
            if (!continued) {
                sequences.add(new ArrayList<>());
            }
            sequences.get(sequences.size() - 1).add(words.get(i).stem());
        }
        return sequences;
    }
}
