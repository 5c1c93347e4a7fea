package dev.streamingsaga.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;

/** Measures wall time, and the CPU time of this process, since it was started. */
final class Stopwatch {
    private static final double NANOS = 1e9;

    private final long cpu = cpuNanos();
    private final long wall = System.nanoTime();

    interface Action {
        void run() throws IOException;
    }

    static Ratio.Measurement time(Action action) throws IOException {
        Stopwatch stopwatch = new Stopwatch();
        action.run();
        return stopwatch.read();
    }

    Ratio.Measurement read() {
        return new Ratio.Measurement((System.nanoTime() - wall) / NANOS, (cpuNanos() - cpu) / NANOS);
    }

    private static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }
}
