package dev.streamingsaga.observe;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;

/**
 * Checks the parts that a saga needs. Each check runs at most every {@value #KEEP_SECONDS} s and is awaited for at most
 * {@value #LIMIT_SECONDS} s.
 */
public final class Health {
    static final int KEEP_SECONDS = 10;
    static final int LIMIT_SECONDS = 5;

    private static final String UNCHECKED = "not checked yet";
    private static final int MAX_DETAIL_CHARS = 300;

    private final Map<String, CachedProbe<Health.PartHealth>> parts = new LinkedHashMap<>();

    /** @param checks by part, in display order; a check throws if the part cannot be used */
    Health(Map<String, Runnable> checks, Executor threads) {
        checks.forEach((part, check) -> parts.put(
                part,
                new CachedProbe<>(
                        () -> run(part, check),
                        new Health.PartHealth(part, false, UNCHECKED),
                        Duration.ofSeconds(KEEP_SECONDS),
                        threads)));
    }

    /** @param detail why it is down; empty if it is up */
    public record PartHealth(String part, boolean up, String detail) {
        /** 1 if up, 0 if down, NaN before the first result. */
        double value() {
            return up ? 1 : detail.equals(UNCHECKED) ? Double.NaN : 0;
        }
    }

    public record HealthReport(List<Health.PartHealth> parts) {
        public boolean up() {
            return parts.stream().allMatch(Health.PartHealth::up);
        }
    }

    private static Health.PartHealth run(String part, Runnable check) {
        try {
            check.run();
            return new Health.PartHealth(part, true, "");
        } catch (RuntimeException e) {
            String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            return new Health.PartHealth(
                    part, false, message.substring(0, Math.min(message.length(), MAX_DETAIL_CHARS)));
        }
    }

    public Health.HealthReport report() {
        parts.values().forEach(CachedProbe::refresh);
        Duration limit = Duration.ofSeconds(LIMIT_SECONDS);
        return new Health.HealthReport(parts.entrySet().stream()
                .map(part -> part.getValue()
                        .within(limit)
                        .orElseGet(() -> new Health.PartHealth(
                                part.getKey(), false, "no answer within " + LIMIT_SECONDS + " s")))
                .toList());
    }

    /** The cached probes, by part. */
    Map<String, CachedProbe<Health.PartHealth>> parts() {
        return parts;
    }
}
