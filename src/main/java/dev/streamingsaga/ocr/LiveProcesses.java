package dev.streamingsaga.ocr;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Processes that must not outlive this JVM. */
final class LiveProcesses {
    private static final Set<Process> LIVE = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> LIVE.forEach(Process::destroyForcibly), "saga-ocr-shutdown"));
    }

    private LiveProcesses() {}

    static void add(Process process) {
        LIVE.add(process);
    }

    /** Kills it if it is still alive. */
    static void end(Process process) {
        process.destroyForcibly();
        LIVE.remove(process);
    }
}
