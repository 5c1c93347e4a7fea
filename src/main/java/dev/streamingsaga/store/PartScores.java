package dev.streamingsaga.store;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Adds up for each segment how rare the words are whose parts it contains. */
final class PartScores<K> {
    private final Map<K, Double> scores = new HashMap<>();

    void add(List<K> segments) {
        double score = 1 / Math.log(2 + segments.size());
        segments.forEach(segment -> scores.merge(segment, score, Double::sum));
    }

    List<K> best(int limit) {
        return scores.entrySet().stream()
                .sorted(Map.Entry.<K, Double>comparingByValue(Comparator.reverseOrder()))
                .limit(limit)
                .map(Map.Entry::getKey)
                .toList();
    }
}
