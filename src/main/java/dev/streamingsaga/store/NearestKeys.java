package dev.streamingsaga.store;

import dev.streamingsaga.store.SegmentIndex.Key;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** The best so many of all that were offered. */
final class NearestKeys {
    private record Scored(float score, Key key) {}

    private static final Comparator<Scored> WORST_FIRST = Comparator.comparingDouble(Scored::score);

    private final int limit;
    private final PriorityQueue<Scored> best = new PriorityQueue<>(WORST_FIRST);

    NearestKeys(int limit) {
        this.limit = limit;
    }

    /** Nothing below it can get in. */
    float threshold() {
        Scored worst = best.peek();
        return best.size() < limit || worst == null ? Float.NEGATIVE_INFINITY : worst.score();
    }

    void offer(float score, Key key) {
        best.add(new Scored(score, key));
        if (best.size() > limit) {
            best.poll();
        }
    }

    List<Key> best() {
        return best.stream().sorted(WORST_FIRST.reversed()).map(Scored::key).toList();
    }
}
