package dev.streamingsaga.observe;

import dev.streamingsaga.journal.JournalStatistics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Metrics and health of one instance. If the Camel registry has a Micrometer {@code MeterRegistry}, the metrics are
 * registered there at once; otherwise {@link #serve} creates a Prometheus registry.
 */
public final class Observation implements AutoCloseable {
    private static final Duration FIGURES_KEEP = Duration.ofSeconds(2);
    private static final Duration FIGURES_LIMIT = Duration.ofSeconds(2);
    private static final String MICROMETER = "io.micrometer.core.instrument.MeterRegistry";

    private final ObservedComponents parts;
    private final ExecutorService threads;
    private final CachedProbe<JournalStatistics> figures;
    private final Health health;
    private @Nullable Meters meters;
    private volatile boolean draining;

    public Observation(ObservedComponents parts) {
        this.parts = parts;
        String name = parts.config().id("observe");
        this.threads = Executors.newCachedThreadPool(work -> {
            Thread thread = new Thread(work, name);
            thread.setDaemon(true);
            return thread;
        });
        this.figures = new CachedProbe<>(parts.journal()::statistics, JournalStatistics.NONE, FIGURES_KEEP, threads);
        Map<String, Runnable> checks = new LinkedHashMap<>(parts.checks());
        checks.put("disk", this::disk);
        this.health = new Health(checks, threads);
        if (isAvailable(MICROMETER)) {
            meters = Meters.inContextRegistry(parts, figures, health).orElse(null);
        }
    }

    static boolean isAvailable(String type) {
        try {
            Class.forName(type, false, Observation.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    private void disk() {
        Path data = parts.config().dataDir();
        long free = free(data);
        long required = parts.config().operation().observability().minFreeBytes();
        if (free < required) {
            throw new IllegalStateException(
                    free + " bytes are free in the data directory, saga.health.min-free requires " + required);
        }
    }

    static long free(Path data) {
        try {
            return Files.getFileStore(data).getUsableSpace();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the free space of the data directory", e);
        }
    }

    /** Prepares for {@link #scrape}: creates a registry, unless there is one or its libraries are missing. */
    public synchronized void serve() {
        if (meters == null && isAvailable(MICROMETER) && Prometheus.isAvailable()) {
            meters = Meters.inNewRegistry(parts, figures, health);
        }
    }

    /**
     * All metrics as Prometheus text. If the journal does not respond within 2 s, its metrics have their last known
     * values.
     *
     * @return empty if the hub's registry is not a Prometheus registry, or if Micrometer is missing
     */
    public synchronized Optional<String> scrape() {
        figures.within(FIGURES_LIMIT);
        return meters == null ? Optional.empty() : meters.scrape();
    }

    /** From now on, health is DOWN: the instance takes no more documents. */
    public void drain() {
        draining = true;
    }

    public Health.HealthReport health() {
        return draining
                ? new Health.HealthReport(List.of(
                        new Health.PartHealth("drain", false, "the instance is stopping; it takes no more documents")))
                : health.report();
    }

    @Override
    public synchronized void close() {
        if (meters != null) {
            meters.close();
        }
        threads.shutdownNow();
    }
}
