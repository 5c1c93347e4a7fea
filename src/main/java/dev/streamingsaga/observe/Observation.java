package dev.streamingsaga.observe;

import dev.streamingsaga.journal.JournalStatistics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Metrics and health of one instance. Where the context's registry has a Micrometer {@code MeterRegistry}, the metrics
 * are in that one from the beginning; otherwise a Prometheus registry is made when {@link #serve} says that somebody
 * will ask for it.
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

    public Observation(ObservedComponents parts) {
        this.parts = parts;
        String name = parts.config().id("observe");
        this.threads = Executors.newCachedThreadPool(work -> {
            Thread thread = new Thread(work, name);
            thread.setDaemon(true);
            return thread;
        });
        this.figures = new CachedProbe<>(parts.journal()::figures, JournalStatistics.NONE, FIGURES_KEEP, threads);
        Map<String, Runnable> checks = new LinkedHashMap<>(parts.checks());
        checks.put("disk", this::disk);
        this.health = new Health(checks, threads);
        if (isThere(MICROMETER)) {
            meters = Meters.inRegistryOf(parts, figures, health).orElse(null);
        }
    }

    static boolean isThere(String type) {
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
        long wanted = parts.config().watch().minFreeBytes();
        if (free < wanted) {
            throw new IllegalStateException(
                    free + " bytes are free in the data directory, saga.health.min-free wants " + wanted);
        }
    }

    static long free(Path data) {
        try {
            return Files.getFileStore(data).getUsableSpace();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot ask how much is free in the data directory", e);
        }
    }

    /**
     * From now on {@link #scrape} is called: a registry is made, unless there is one or the libraries for it are
     * missing.
     */
    public synchronized void serve() {
        if (meters == null && isThere(MICROMETER) && Prometheus.isThere()) {
            meters = Meters.inRegistryOfOurs(parts, figures, health);
        }
    }

    /**
     * All metrics as Prometheus text, from the journal as it is now, or, if that does not answer within 2 s, as it was
     * last heard of.
     *
     * @return empty if the metrics are in a registry of the hub that is not Prometheus', or Micrometer is missing
     */
    public synchronized Optional<String> scrape() {
        figures.within(FIGURES_LIMIT);
        return meters == null ? Optional.empty() : meters.scrape();
    }

    public Health.HealthReport health() {
        return health.report();
    }

    @Override
    public synchronized void close() {
        if (meters != null) {
            meters.close();
        }
        threads.shutdownNow();
    }
}
