package dev.streamingsaga.api;

import dev.streamingsaga.journal.SagaCount;
import dev.streamingsaga.journal.SagaCounts;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.outage.DownDependency;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Counts over all sagas. Counting gets slower as their number grows, so it may take at most about a twentieth of the
 * time: after each count, the result is cached for 20 times as long as counting took. So the counts are milliseconds
 * old with thousands of sagas, and seconds old with millions.
 */
final class Totals {
    private static final int CACHE_FACTOR = 20;

    private final SagaOperator sagas;
    private @Nullable SagaCounts counts;
    private long nextNanos;

    Totals(SagaOperator sagas) {
        this.sagas = sagas;
    }

    synchronized SagaCounts counts() {
        SagaCounts known = counts;
        long begin = System.nanoTime();
        if (known != null && begin - nextNanos < 0) {
            return known;
        }
        SagaCounts read = sagas.counts();
        long end = System.nanoTime();
        nextNanos = end + CACHE_FACTOR * (end - begin);
        counts = read;
        return read;
    }

    Map<String, Object> now() {
        return view(counts());
    }

    /**
     * Counts of the sagas that match, not cached. Also says whether all were counted; sagas that need attention are
     * counted apart.
     */
    Map<String, Object> of(SagaQuery query) {
        SagaCount all = sagas.count(query);
        SagaCount attention = query.attention() ? all : sagas.count(query.needingAttention());
        Map<String, Object> view = new LinkedHashMap<>();
        SagaCount warned = sagas.count(query.withWarnings());
        view.put("all", all.all());
        view.put("complete", all.complete() && attention.complete() && warned.complete());
        view.put("sagas", states(all.sagas()));
        view.put("attention", attention.all());
        view.put("withWarnings", warned.all());
        return view;
    }

    private static Map<String, Long> states(Map<SagaState, Long> counts) {
        Map<String, Long> states = new LinkedHashMap<>();
        for (SagaState state : SagaState.values()) {
            states.put(state.name(), counts.getOrDefault(state, 0L));
        }
        return states;
    }

    /** Contains every state, also those without sagas, and the dependencies that are down. */
    Map<String, Object> view(SagaCounts counts) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("all", counts.all());
        view.put("complete", true);
        view.put("sagas", states(counts.sagas()));
        view.put("attention", counts.attention());
        view.put("withWarnings", counts.warned());
        view.put("cleanups", cleanups(counts));
        view.put("down", sagas.down().stream().map(Totals::down).toList());
        return view;
    }

    private static Map<String, String> down(DownDependency down) {
        Map<String, String> view = new LinkedHashMap<>();
        view.put("dependency", down.outage().dependency().label());
        view.put("detail", down.outage().detail());
        view.put("since", down.since().toString());
        return view;
    }

    static Map<String, Long> cleanups(SagaCounts counts) {
        Map<String, Long> view = new LinkedHashMap<>();
        view.put("open", counts.openCleanups());
        view.put("blocked", counts.blockedCleanups());
        return view;
    }
}
