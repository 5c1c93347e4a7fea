package dev.streamingsaga.api;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.journal.SagaCount;
import dev.streamingsaga.journal.SagaCounts;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.outage.DownDependency;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Counts of sagas. Counting may take at most about a twentieth of the time: after each count, the result is cached for
 * 20 times as long as counting took. So the counts over all sagas are milliseconds old; those of a filter that selects
 * very many may be seconds old.
 */
final class Totals {
    private static final int CACHE_FACTOR = 20;

    private static final int MAX_LIMITS = 200;

    private final SagaOperator sagas;
    private final Map<AccessLimit, Counted> cache = new HashMap<>();
    private final Map<SagaQuery, Selected> selected = new HashMap<>();

    Totals(SagaOperator sagas) {
        this.sagas = sagas;
    }

    private record Counted(SagaCounts counts, long untilNanos) {}

    private record Selected(Map<String, Object> view, long untilNanos) {}

    /** @param limit of the sagas that count */
    synchronized SagaCounts counts(AccessLimit limit) {
        Counted known = cache.get(limit);
        long begin = System.nanoTime();
        if (known != null && begin - known.untilNanos() < 0) {
            return known.counts();
        }
        SagaCounts read =
                sagas.as(new Access(Caller.ANONYMOUS.actor(), "http", limit)).counts();
        long end = System.nanoTime();
        if (cache.size() == MAX_LIMITS) {
            cache.clear();
        }
        cache.put(limit, new Counted(read, end + CACHE_FACTOR * (end - begin)));
        return read;
    }

    Map<String, Object> now(AccessLimit limit) {
        return view(counts(limit));
    }

    /**
     * Counts of the sagas that match. Also says whether all were counted; sagas that need attention are counted apart.
     * Pages that show the same list share a count.
     */
    Map<String, Object> of(SagaQuery query) {
        synchronized (selected) {
            Selected known = selected.get(query);
            long begin = System.nanoTime();
            if (known != null && begin - known.untilNanos() < 0) {
                return known.view();
            }
            Map<String, Object> view = count(query);
            long end = System.nanoTime();
            if (selected.size() == MAX_LIMITS) {
                selected.clear();
            }
            selected.put(query, new Selected(view, end + CACHE_FACTOR * (end - begin)));
            return view;
        }
    }

    private Map<String, Object> count(SagaQuery query) {
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
