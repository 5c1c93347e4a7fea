package dev.streamingsaga.store;

import dev.streamingsaga.store.SearchText.Words;
import dev.streamingsaga.store.SegmentIndex.Found;
import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import dev.streamingsaga.store.SegmentTexts.SegmentText;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Searches by words, parts of words and phrases: the database selects candidates, which are then ranked by their text.
 */
record WordSearch(JdbcTemplate queries, SegmentIndex index, SegmentTexts segmentTexts) {
    /** Always the same number, so that pages have one order. */
    private static final int CANDIDATES = 100;
    /** Rarest words that are also searched for inside words. */
    static final int MAX_PARTS = 6;

    /**
     * What words find.
     *
     * @param all by their words, best first
     * @param phrases those with all words in sequence, whatever their endings, or with all quoted parts word for word
     */
    record WordHits(
            SegmentRanking ranking,
            Map<SegmentKey, SegmentText> texts,
            List<SegmentKey> all,
            List<SegmentKey> phrases) {}

    /** @param segments of all documents */
    WordHits search(SearchQuery query, String language, long segments) {
        List<Term> terms = query.terms(language);
        List<Phrase> quoted = query.phrases().stream().map(Phrase::of).toList();
        Phrase whole = Phrase.of(query.text());
        List<Phrase> phrases = quoted.isEmpty() && !whole.isEmpty() ? List.of(whole) : quoted;
        Set<SegmentKey> candidates = new LinkedHashSet<>();
        if (!phrases.isEmpty()) {
            candidates.addAll(index.phrase(
                    phrases.stream()
                            .flatMap(phrase -> phrase.sequences().stream())
                            .toList(),
                    CANDIDATES,
                    query.filter()));
        }
        Found found = index.words(terms, CANDIDATES, query.filter());
        Found parts = index.parts(rarest(terms, found.segments()), CANDIDATES, query.filter());
        if (quoted.isEmpty()) {
            candidates.addAll(found.keys());
            candidates.addAll(parts.keys());
        }
        if (hasDocumentsWithoutWords()) {
            candidates.addAll(index.notIndexed(query.text(), CANDIDATES, query.filter()));
        }
        Map<SegmentKey, SegmentText> texts = segmentTexts.read(candidates);
        texts.values().removeIf(text -> !quoted.stream().allMatch(phrase -> phrase.isIn(text.words())));
        SegmentRanking ranking = new SegmentRanking(terms, found.segments(), parts.segments(), segments);
        Map<SegmentKey, Double> scores = scores(ranking, texts.values());
        List<SegmentKey> ranked = ranked(scores);
        List<SegmentKey> withPhrase = phrases.isEmpty()
                ? List.of()
                : ranked.stream()
                        .filter(key -> {
                            Words text = Objects.requireNonNull(texts.get(key)).words();
                            return quoted.isEmpty()
                                    ? whole.isInAnyForm(text)
                                    : quoted.stream().allMatch(phrase -> phrase.isIn(text));
                        })
                        .toList();
        List<SegmentKey> withWords = ranked.stream()
                .filter(key -> Objects.requireNonNull(scores.get(key)) > 0)
                .toList();
        return new WordHits(ranking, texts, withWords, withPhrase);
    }

    private static List<Term> rarest(List<Term> terms, Map<String, Integer> segments) {
        return terms.stream()
                .filter(Term::hasParts)
                .sorted(Comparator.comparingInt((Term term) -> segments.getOrDefault(term.stem(), 0)))
                .limit(MAX_PARTS)
                .toList();
    }

    /** 0 for a phrase of words that say nothing. */
    private static Map<SegmentKey, Double> scores(SegmentRanking ranking, Collection<SegmentText> texts) {
        double length = texts.stream()
                .mapToInt(text -> text.words().inOrder().size())
                .average()
                .orElse(1);
        Map<SegmentKey, Double> scores = new LinkedHashMap<>();
        texts.forEach(text -> scores.put(text.key(), ranking.score(text.words(), Math.max(1, length))));
        return scores;
    }

    private static List<SegmentKey> ranked(Map<SegmentKey, Double> scores) {
        return scores.entrySet().stream()
                .sorted(Map.Entry.<SegmentKey, Double>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(entry -> entry.getKey().sagaId())
                        .thenComparing(entry -> entry.getKey().ordinal()))
                .map(Map.Entry::getKey)
                .toList();
    }

    private boolean hasDocumentsWithoutWords() {
        return !queries.queryForList(
                        "select 1 from vector_document where word_format = 0 and visible = 1 limit 1", Integer.class)
                .isEmpty();
    }
}
