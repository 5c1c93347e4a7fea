package dev.streamingsaga.content;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Splits clean text into segments of at most {@code maxTokens} and {@code maxChars}: at sentence ends, between words if
 * a sentence is too long, and within a word if the word is too long. Every character except white space is part of a
 * segment. With an overlap, the last sentences of a segment, up to that many tokens, also begin the next. The same text
 * always gives the same segments.
 */
final class Segmenter {
    private static final int CHARS_PER_TOKEN = 10;

    private final Embedder model;
    private final int maxTokens;
    private final int maxChars;
    private final int overlapTokens;
    private final int specialTokens;

    /**
     * @param maxTokens special tokens included
     * @param overlapTokens no more than half of {@code maxTokens} is used
     */
    Segmenter(Embedder model, int maxTokens, int overlapTokens) {
        this.model = model;
        this.maxTokens = maxTokens;
        // A tokenizer may count a very long word as a single unknown token: this still bounds rows and requests.
        this.maxChars = maxTokens * CHARS_PER_TOKEN;
        this.overlapTokens = Math.min(overlapTokens, maxTokens / 2);
        this.specialTokens = model.countTokens("");
    }

    /** @param text cleaned by {@link TextCleaner}: each paragraph is a line */
    List<String> segments(String text) {
        List<Unit> units = units(text);
        List<String> segments = new ArrayList<>();
        int from = 0;
        for (int next = 0; next < units.size(); ) {
            from = overlapBefore(units, from, next);
            while (from < next && !mayFit(units.subList(from, next + 1))) {
                from++; // less overlap: new text has priority
            }
            int end = next + 1;
            while (end < units.size() && mayFit(units.subList(from, end + 1))) {
                end++;
            }
            // The sum of token counts may differ from the count of the joined text. A single unit has been counted
            // itself.
            while (end - from > 1 && !fits(join(units.subList(from, end)))) {
                if (end > next + 1) {
                    end--;
                } else {
                    from++;
                }
            }
            segments.add(join(units.subList(from, end)));
            next = end;
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

    private boolean mayFit(List<Unit> units) {
        int tokens = specialTokens;
        int chars = -1;
        for (Unit unit : units) {
            tokens += unit.tokens();
            chars += unit.text().length() + 1;
        }
        return tokens <= maxTokens && chars <= maxChars;
    }

    private boolean fits(String text) {
        return text.length() <= maxChars && model.countTokens(text) <= maxTokens;
    }

    private static String join(List<Unit> units) {
        return units.stream().map(Unit::text).collect(Collectors.joining(" "));
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
        String rest = sentence;
        while (!rest.isEmpty()) {
            int tokens = rest.length() <= maxChars ? model.countTokens(rest) : Integer.MAX_VALUE;
            if (tokens <= maxTokens) {
                units.add(new Unit(rest, tokens - specialTokens));
                return;
            }
            int end = longestPrefix(rest);
            String prefix = rest.substring(0, end).strip();
            units.add(new Unit(prefix, model.countTokens(prefix) - specialTokens));
            rest = rest.substring(end).strip();
        }
    }

    /** Where to split a text that is too long: after as many whole words as fit, else after as many characters. */
    private int longestPrefix(String text) {
        int window = Math.min(text.length(), maxChars + 1);
        List<Integer> words = new ArrayList<>();
        List<Integer> characters = new ArrayList<>();
        for (int i = 1; i < window; i++) {
            if (Character.isWhitespace(text.charAt(i))) {
                words.add(i);
            }
            if (!Character.isLowSurrogate(text.charAt(i))) {
                characters.add(i);
            }
        }
        int end = lastFitting(text, words);
        return end > 0 ? end : Math.max(lastFitting(text, characters), Character.charCount(text.codePointAt(0)));
    }

    private int lastFitting(String text, List<Integer> ends) {
        int low = 0;
        int high = ends.size();
        while (low < high) {
            int middle = (low + high) / 2;
            if (fits(text.substring(0, ends.get(middle)).strip())) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == 0 ? 0 : ends.get(low - 1);
    }

    /** @param tokens without special tokens */
    private record Unit(String text, int tokens) {}
}
