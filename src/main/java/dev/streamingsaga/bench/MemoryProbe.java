package dev.streamingsaga.bench;

import dev.streamingsaga.config.Settings;
import dev.streamingsaga.embedded.Application;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The process that {@link MemoryBench} measures: ingests a file, and prints the largest heap after a full collection,
 * taken every half second, and the largest resident set, in bytes. Arguments: the data directory, the file.
 */
public final class MemoryProbe {
    private static final long PERIOD_MILLIS = 500;
    private static final Pattern HIGH_WATER_MARK = Pattern.compile("VmHWM:\\s+(\\d+) kB");

    private MemoryProbe() {}

    public static void main(String[] args) throws IOException {
        ingest(args);
        // The coordinator's timers are not daemon threads: without this the process would not end.
        System.exit(0);
    }

    private static void ingest(String[] args) throws IOException {
        AtomicLong peak = new AtomicLong();
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "memory-probe");
            thread.setDaemon(true);
            return thread;
        });
        try (Application application = Application.start(Settings.parse(Map.of("saga.data.dir", args[0])))) {
            timer.scheduleWithFixedDelay(() -> sample(peak), 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
            BenchIngest.run(application, Path.of(args[1]));
            sample(peak);
        } finally {
            timer.shutdownNow();
        }
        System.out.println("PEAK " + peak.get() + " " + residentBytes());
    }

    /** Collects first: otherwise what is alive is not known. */
    private static synchronized void sample(AtomicLong peak) {
        System.gc();
        long live = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getCollectionUsage)
                .filter(java.util.Objects::nonNull)
                .mapToLong(MemoryUsage::getUsed)
                .sum();
        peak.accumulateAndGet(live, Math::max);
    }

    /** 0 where the system does not say. */
    private static long residentBytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        Matcher peak = HIGH_WATER_MARK.matcher(Files.isReadable(status) ? Files.readString(status) : "");
        return peak.find() ? 1024 * Long.parseLong(peak.group(1)) : 0;
    }
}
