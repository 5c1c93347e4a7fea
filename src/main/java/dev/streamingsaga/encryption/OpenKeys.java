package dev.streamingsaga.encryption;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Data keys that were opened a short time ago. Bounded; thread-safe. */
final class OpenKeys {
    private static final int MAX = 1_000;
    private static final Duration KEEP = Duration.ofMinutes(5);

    private final Clock clock;

    private final Map<CacheKey, Opened> keys = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<CacheKey, Opened> eldest) {
            return size() > MAX;
        }
    };

    OpenKeys(Clock clock) {
        this.clock = clock;
    }

    private record CacheKey(DataKey.Wrapped wrapped, KeyOwner owner) {}

    private record Opened(DataKey key, Instant until) {}

    synchronized Optional<DataKey> get(DataKey.Wrapped wrapped, KeyOwner owner) {
        CacheKey id = new CacheKey(wrapped, owner);
        Opened opened = keys.get(id);
        if (opened != null && !clock.instant().isBefore(opened.until())) {
            keys.remove(id);
            return Optional.empty();
        }
        return Optional.ofNullable(opened).map(Opened::key);
    }

    synchronized void put(DataKey.Wrapped wrapped, KeyOwner owner, DataKey key) {
        Instant now = clock.instant();
        keys.values().removeIf(opened -> !now.isBefore(opened.until()));
        keys.put(new CacheKey(wrapped, owner), new Opened(key, now.plus(KEEP)));
    }

    synchronized void forget(String sagaId) {
        keys.keySet().removeIf(id -> id.owner().sagaId().equals(sagaId));
    }
}
