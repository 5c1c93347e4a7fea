package dev.streamingsaga.api;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.journal.HourlyTotal;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.operations.SagaReader;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Sagas and bytes of each hour. However many pages are open, the journal is read once every few seconds. */
final class Statistics {
    private static final int MAX_HOURS = 168;
    private static final int DEFAULT_HOURS = 24;
    private static final long MIN_CACHE_NANOS = Duration.ofSeconds(5).toNanos();
    private static final int CACHE_FACTOR = 20;

    private static final int MAX_CACHED = 200;

    private final SagaOperator operator;
    private final Map<Key, Cached> cache = new LinkedHashMap<>();

    Statistics(ApiDependencies parts) {
        this.operator = parts.operator();
    }

    private record Key(int hours, AccessLimit limit) {}

    private record Cached(List<HourView> hours, long untilNanos) {}

    private record HourView(String from, long completed, long bytes, long compensated) {}

    /** {@code GET /api/statistics?hours=}. */
    Reply hours(ApiRequest request) {
        int hours = Query.of(request.call(), "hours").number("hours", DEFAULT_HOURS, MAX_HOURS);
        return Reply.json(
                200, Map.of("hours", hours(new Key(hours, request.caller().limit()), request.as(operator))));
    }

    private synchronized List<HourView> hours(Key key, SagaReader sagas) {
        Cached known = cache.get(key);
        long begin = System.nanoTime();
        if (known != null && begin - known.untilNanos() < 0) {
            return known.hours();
        }
        List<HourView> read =
                sagas.hourly(key.hours()).stream().map(Statistics::view).toList();
        long end = System.nanoTime();
        if (cache.size() == MAX_CACHED) {
            cache.clear();
        }
        cache.put(key, new Cached(read, end + Math.max(MIN_CACHE_NANOS, CACHE_FACTOR * (end - begin))));
        return read;
    }

    private static HourView view(HourlyTotal hour) {
        return new HourView(hour.from().toString(), hour.completed(), hour.bytes(), hour.compensated());
    }
}
