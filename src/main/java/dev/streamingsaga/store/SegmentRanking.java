package dev.streamingsaga.store;

import dev.streamingsaga.store.SearchText.Word;
import dev.streamingsaga.store.SearchText.Words;
import dev.streamingsaga.store.VectorSearch.Highlight;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Scores segments by their words (BM25): rare words count more than common ones, and whole words more than parts of
 * longer ones. Not thread-safe.
 */
final class SegmentRanking {
    private static final double SATURATION = 1.2;
    private static final double LENGTH = 0.75;
    private static final double SAME_STEM = 0.9;
    private static final double BEGINNING = 0.7;
    private static final double INSIDE = 0.6;

    private final List<Term> terms;
    private final double[] wholeWeights;
    private final double[] partWeights;
    private final Map<String, List<Match>> matches = new HashMap<>();

    /** @param whole whether the whole word is meant, or a part of it */
    private record Match(int term, double weight, boolean whole) {}

    /**
     * @param whole number of segments with each word, by its stem
     * @param parts number of segments with each word as a part of a word
     * @param segments of all documents
     */
    SegmentRanking(List<Term> terms, Map<String, Integer> whole, Map<String, Integer> parts, long segments) {
        this.terms = terms;
        this.wholeWeights = weights(whole, segments);
        this.partWeights = weights(parts, segments);
    }

    private double[] weights(Map<String, Integer> counts, long segments) {
        return terms.stream()
                .mapToDouble(term -> weight(counts.getOrDefault(term.stem(), Integer.MAX_VALUE), segments))
                .toArray();
    }

    private static double weight(int count, long segments) {
        double others = Math.max(0, segments - (double) count);
        return Math.log(1 + (others + 0.5) / (count + 0.5));
    }

    /** @param averageLength number of words in a segment */
    double score(Words text, double averageLength) {
        double[] whole = new double[terms.size()];
        double[] parts = new double[terms.size()];
        for (Word word : text.all()) {
            for (Match match : matches(word)) {
                (match.whole() ? whole : parts)[match.term()] += match.weight();
            }
        }
        double length = SATURATION * (1 - LENGTH + LENGTH * text.inOrder().size() / averageLength);
        double score = 0;
        for (int i = 0; i < whole.length; i++) {
            double all = whole[i] + parts[i];
            score += Math.max(wholeWeights[i] * whole[i] / (whole[i] + length), partWeights[i] * all / (all + length));
        }
        return score;
    }

    /** Where the words stand, in order. Adjacent letters of scripts without spaces become one. */
    List<Highlight> highlights(Words text) {
        List<Highlight> highlights = new ArrayList<>();
        List<Word> found = text.all().stream()
                .filter(word -> !matches(word).isEmpty())
                .sorted(Comparator.comparingInt(Word::start))
                .toList();
        for (Word word : found) {
            int last = highlights.size() - 1;
            if (last >= 0 && highlights.get(last).end() >= word.start()) {
                Highlight before = highlights.get(last);
                highlights.set(last, new Highlight(before.start(), Math.max(before.end(), word.end())));
            } else {
                highlights.add(new Highlight(word.start(), word.end()));
            }
        }
        return highlights;
    }

    private List<Match> matches(Word word) {
        return matches.computeIfAbsent(word.folded(), folded -> compared(word));
    }

    private List<Match> compared(Word word) {
        List<Match> found = new ArrayList<>();
        for (int i = 0; i < terms.size(); i++) {
            Term term = terms.get(i);
            if (term.folded().equals(word.folded())) {
                found.add(new Match(i, 1, true));
            } else if (term.stem().equals(word.stem())) {
                found.add(new Match(i, SAME_STEM, true));
            } else if (term.isOnlyPrefix()
                    ? word.folded().startsWith(term.folded())
                    : term.hasPrefix() && word.folded().startsWith(term.stem())) {
                found.add(new Match(i, BEGINNING, term.isOnlyPrefix()));
            } else if (term.hasParts() && word.folded().contains(term.stem())) {
                found.add(new Match(i, INSIDE, false));
            }
        }
        return List.copyOf(found);
    }
}
