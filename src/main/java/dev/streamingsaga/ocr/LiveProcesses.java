package dev.streamingsaga.ocr;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Processes that must not outlive this JVM. */
final class LiveProcesses {
    private static final Set<Process> LIVE = ConcurrentHashMap.newKeySet();

    private static volatile boolean stopping;

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(LiveProcesses::stop, "saga-ocr-shutdown"));
    }

    private LiveProcesses() {}

    private static void stop() {
        stopping = true;
        LIVE.forEach(Process::destroyForcibly);
    }

    /** Whether this JVM is ending: what its processes did not finish says nothing about their input. */
    static boolean areEnding() {
        return stopping;
    }

    static void add(Process process) {
        LIVE.add(process);
    }

    /** Kills it if it is still alive. */
    static void end(Process process) {
        process.destroyForcibly();
        LIVE.remove(process);
    }
}
