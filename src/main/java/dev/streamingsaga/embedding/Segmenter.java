package dev.streamingsaga.embedding;

import dev.streamingsaga.text.TextCleaner;
import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Splits clean text into segments of at most {@code maxTokens} and {@code maxChars}: at sentence ends, between words if
 * a sentence is too long, and within a word if the word is too long. Every character except white space is part of a
 * segment. With an overlap, the last sentences of a segment, up to that many tokens, also begin the next. The same text
 * always gives the same segments. The work grows linearly with the text.
 */
public final class Segmenter {
    private static final int CHARS_PER_TOKEN = 10;
    private static final double USUAL_CHARS_PER_TOKEN = 4;

    /** More would not be faster than to halve what is left. */
    private static final int EXPECTING_PROBES = 4;

    private final Embedder model;
    private final int maxTokens;
    private final int maxChars;
    private final int overlapTokens;
    private final int specialTokens;

    /**
     * @param maxTokens special tokens included
     * @param overlapTokens no more than half of {@code maxTokens} is used
     */
    public Segmenter(Embedder model, int maxTokens, int overlapTokens) {
        this.model = model;
        this.maxTokens = maxTokens;
        // A tokenizer may count a very long word as a single unknown token: this still bounds rows and requests.
        this.maxChars = maxTokens * CHARS_PER_TOKEN;
        this.overlapTokens = Math.min(overlapTokens, maxTokens / 2);
        this.specialTokens = model.countTokens("");
    }

    /** @param text cleaned by {@link TextCleaner}: each paragraph is a line */
    public List<String> segments(String text) {
        List<Unit> units = units(text);
        List<String> segments = new ArrayList<>();
        int from = 0;
        for (int next = 0; next < units.size(); ) {
            from = overlapBefore(units, from, next);
            Range range = new Range(units, from, next);
            while (from < next && !range.mayFit()) {
                from++; // less overlap: new text has priority
                range.dropFirst();
            }
            range.extend();
            // The sum of token counts may differ from the count of the joined text.
            Choice choice = new Choice(units, from, next + 1, range.end);
            int shrunk = choice.leastShrunk();
            segments.add(choice.text(shrunk));
            from = choice.from(shrunk);
            next = choice.end(shrunk);
        }
        return segments;
    }

    /** Index of the first unit before {@code next} that the next segment repeats. */
    private int overlapBefore(List<Unit> units, int previousFrom, int next) {
        int from = next;
        int tokens = 0;
        while (from > previousFrom && tokens + units.get(from - 1).tokens() <= overlapTokens) {
            from--;
            tokens += units.get(from).tokens();
        }
        return from;
    }

    private boolean fits(String text) {
        return text.length() <= maxChars && model.countTokens(text) <= maxTokens;
    }

    private List<Unit> units(String text) {
        List<Unit> units = new ArrayList<>();
        BreakIterator sentences = BreakIterator.getSentenceInstance(Locale.ROOT);
        text.lines().forEach(paragraph -> {
            sentences.setText(paragraph);
            int start = 0;
            for (int end = sentences.next(); end != BreakIterator.DONE; end = sentences.next()) {
                addFitting(units, paragraph.substring(start, end).strip());
                start = end;
            }
        });
        return units;
    }

    private void addFitting(List<Unit> units, String sentence) {
        for (int at = 0; at < sentence.length(); ) {
            if (Character.isWhitespace(sentence.charAt(at))) {
                at++;
                continue;
            }
            int left = sentence.length() - at;
            String rest = sentence.substring(at, at + Math.min(left, maxChars + 1));
            int tokens = left <= maxChars ? model.countTokens(rest) : Integer.MAX_VALUE;
            Prefix prefix = tokens <= maxTokens ? new Prefix(left, tokens) : longestPrefix(rest);
            units.add(new Unit(rest.substring(0, prefix.end()).strip(), prefix.tokens() - specialTokens));
            at += prefix.end();
        }
    }

    /**
     * Where to split a text that is too long: after as many whole words as fit, else after as many characters.
     *
     * @param text its first {@link #maxChars} characters, and one more if there are more
     */
    private Prefix longestPrefix(String text) {
        Prefix words = longestPrefix(text, ends(text, i -> Character.isWhitespace(text.charAt(i))));
        if (words.end() > 0) {
            return words;
        }
        Prefix characters = longestPrefix(text, ends(text, i -> !Character.isLowSurrogate(text.charAt(i))));
        if (characters.end() > 0) {
            return characters;
        }
        int first = Character.charCount(text.codePointAt(0));
        return new Prefix(first, model.countTokens(text.substring(0, first)));
    }

    private int[] ends(String text, IntPredicate allowed) {
        return IntStream.range(1, text.length()).filter(allowed).toArray();
    }

    /**
     * The text before the last end before which it fits; empty if there is none. Begins where it should be by the
     * tokens of the text so far, since each token that is counted costs time.
     */
    private Prefix longestPrefix(String text, int[] ends) {
        Prefix longest = new Prefix(0, specialTokens);
        int low = 0;
        int high = ends.length;
        double charsPerToken = USUAL_CHARS_PER_TOKEN;
        for (int probes = 0; low < high; probes++) {
            int expected = probes < EXPECTING_PROBES
                    ? indexBefore(ends, (int) (charsPerToken * (maxTokens - specialTokens)) + 1)
                    : (low + high) / 2;
            int probe = Math.max(low, Math.min(high - 1, expected));
            String prefix = text.substring(0, ends[probe]).strip();
            int tokens = prefix.length() <= maxChars ? model.countTokens(prefix) : Integer.MAX_VALUE;
            charsPerToken = (double) ends[probe] / Math.max(1, tokens - specialTokens);
            if (tokens <= maxTokens) {
                low = probe + 1;
                longest = new Prefix(ends[probe], tokens);
            } else {
                high = probe;
            }
        }
        return longest;
    }

    /** The index of the last end that is less than {@code chars}, or of the first end. */
    private static int indexBefore(int[] ends, int chars) {
        int found = Arrays.binarySearch(ends, chars);
        return Math.max(0, (found < 0 ? -found - 1 : found) - 1);
    }

    /** @param tokens special tokens included */
    private record Prefix(int end, int tokens) {}

    /** @param tokens without special tokens */
    private record Unit(String text, int tokens) {}

    /** Adjacent units and what they need, if counted one by one. */
    private final class Range {
        private final List<Unit> units;
        private int from;
        private int end;
        private int tokens = specialTokens;
        private int chars = -1;

        Range(List<Unit> units, int from, int last) {
            this.units = units;
            this.from = from;
            this.end = from;
            while (end <= last) {
                count(units.get(end++), 1);
            }
        }

        private void count(Unit unit, int sign) {
            tokens += sign * unit.tokens();
            chars += sign * (unit.text().length() + 1);
        }

        boolean mayFit() {
            return tokens <= maxTokens && chars <= maxChars;
        }

        void dropFirst() {
            count(units.get(from++), -1);
        }

        void extend() {
            while (end < units.size()) {
                count(units.get(end), 1);
                if (!mayFit()) {
                    return;
                }
                end++;
            }
        }
    }

    /**
     * Ways to shrink a range until its joined text fits: by 0 units, by one, … First the last ones go, down to
     * {@code leastEnd}, and then the overlap.
     */
    private final class Choice {
        private final List<Unit> units;
        private final int first;
        private final int leastEnd;
        private final int lastEnd;

        Choice(List<Unit> units, int first, int leastEnd, int lastEnd) {
            this.units = units;
            this.first = first;
            this.leastEnd = leastEnd;
            this.lastEnd = lastEnd;
        }

        int from(int shrunk) {
            return first + Math.max(0, shrunk - (lastEnd - leastEnd));
        }

        int end(int shrunk) {
            return Math.max(leastEnd, lastEnd - shrunk);
        }

        String text(int shrunk) {
            return units.subList(from(shrunk), end(shrunk)).stream()
                    .map(Unit::text)
                    .collect(Collectors.joining(" "));
        }

        /** By how many units. A single unit has been counted itself, and fits. */
        int leastShrunk() {
            int most = lastEnd - first - 1;
            int tooLittle = -1;
            int enough = 0;
            while (enough < most && !fits(text(enough))) {
                tooLittle = enough;
                enough = Math.min(most, 2 * enough + 1);
            }
            while (enough - tooLittle > 1) {
                int middle = (enough + tooLittle) / 2;
                if (fits(text(middle))) {
                    enough = middle;
                } else {
                    tooLittle = middle;
                }
            }
            return enough;
        }
    }
}
