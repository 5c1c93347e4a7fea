package dev.streamingsaga.store;

import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** Keeps the best keys of all that are offered, up to a limit. */
final class NearestKeys {
    private record Scored(float score, SegmentKey key) {}

    private static final Comparator<Scored> WORST_FIRST = Comparator.comparingDouble(Scored::score);

    private final int limit;
    private final PriorityQueue<Scored> best = new PriorityQueue<>(WORST_FIRST);

    NearestKeys(int limit) {
        this.limit = limit;
    }

    /** Keys with a lower score are not kept. */
    float threshold() {
        Scored worst = best.peek();
        return best.size() < limit || worst == null ? Float.NEGATIVE_INFINITY : worst.score();
    }

    void offer(float score, SegmentKey key) {
        if (score <= threshold()) {
            return;
        }
        best.add(new Scored(score, key));
        if (best.size() > limit) {
            best.poll();
        }
    }

    List<SegmentKey> best() {
        return best.stream().sorted(WORST_FIRST.reversed()).map(Scored::key).toList();
    }
}
