package dev.streamingsaga.extraction;

import dev.streamingsaga.datadir.ProcessFolders;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A worker, seen from the process that started it. */
final class WorkerProcess implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(WorkerProcess.class);
    private static final int BUFFER_BYTES = 64 * 1024;
    private static final int MAX_LOG_LINES = 100;
    private static final int MAX_LOG_CHARS = 500;
    private static final Duration END = Duration.ofSeconds(10);

    private final Process process;
    private final Path folder;
    private final DataInputStream in;
    private final DataOutputStream out;
    /** All that were seen: after the end of the worker they cannot be found any more. */
    private final Set<ProcessHandle> children = ConcurrentHashMap.newKeySet();

    private Duration lastCpuTime = Duration.ZERO;
    private int documents;

    private WorkerProcess(Process process, Path folder) {
        this.process = process;
        this.folder = folder;
        this.in = new DataInputStream(new BufferedInputStream(process.getInputStream(), BUFFER_BYTES));
        this.out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), BUFFER_BYTES));
    }

    /** Returns at once; the worker answers when it has started. */
    static WorkerProcess start(WorkerCommand command) throws IOException {
        Path folder = ProcessFolders.create(command.folders());
        WorkerProcess worker;
        try {
            worker = new WorkerProcess(command.builder(folder).start(), folder);
        } catch (IOException e) {
            ProcessFolders.delete(folder);
            throw e;
        }
        log.debug("worker {} started", worker.process.pid());
        Thread errors = new Thread(worker::logErrors, "saga-worker-log-" + worker.process.pid());
        errors.setDaemon(true);
        try {
            errors.start();
        } catch (OutOfMemoryError e) { // too many threads
            worker.close();
            throw new IOException("cannot start a thread", e);
        }
        worker.send(command.settings());
        return worker;
    }

    private void send(Map<String, String> settings) {
        try {
            out.writeByte(Frames.SETTINGS);
            out.writeInt(settings.size());
            for (Map.Entry<String, String> setting : settings.entrySet()) {
                Frames.writeLine(out, setting.getKey());
                Frames.writeLine(out, setting.getValue());
            }
            out.flush();
        } catch (IOException e) {
            log.debug("worker {} has ended at once", process.pid(), e); // whoever uses it sees that
        }
    }

    private void logErrors() {
        int lines = 0;
        try (BufferedReader errors = process.errorReader(StandardCharsets.UTF_8)) {
            for (String line = errors.readLine(); line != null; line = errors.readLine()) {
                if (lines++ < MAX_LOG_LINES) {
                    log.debug(
                            "worker {}: {}", process.pid(), line.substring(0, Math.min(line.length(), MAX_LOG_CHARS)));
                }
            }
        } catch (IOException e) {
            log.debug("worker {}: cannot read its errors", process.pid(), e);
        }
    }

    DataInputStream in() {
        return in;
    }

    DataOutputStream out() {
        return out;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    long pid() {
        return process.pid();
    }

    /** Counts a document; returns how many there were. */
    int countDocument() {
        return ++documents;
    }

    /** How many documents it has read. */
    int documents() {
        return documents;
    }

    synchronized Duration cpuTime() {
        // An ended process has none.
        lastCpuTime = process.info().totalCpuDuration().orElse(lastCpuTime);
        return lastCpuTime;
    }

    Duration cpuTimeWithChildren() {
        children.removeIf(child -> !child.isAlive());
        process.descendants().forEach(children::add);
        return children.stream()
                .map(child -> child.info().totalCpuDuration().orElse(Duration.ZERO))
                .reduce(cpuTime(), Duration::plus);
    }

    long temporaryBytes() {
        return ProcessFolders.sizeOf(folder);
    }

    /** With its children, also those that it has left behind when it ended by itself. */
    void kill() {
        process.descendants().forEach(children::add);
        process.destroyForcibly(); // first: it starts no more of them
        children.forEach(ProcessHandle::destroyForcibly);
    }

    /** How it ended; empty if it is still running. */
    OptionalInt awaitExit() {
        try {
            return process.waitFor(END.toMillis(), TimeUnit.MILLISECONDS)
                    ? OptionalInt.of(process.exitValue())
                    : OptionalInt.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return OptionalInt.empty();
        }
    }

    /** Kills it and deletes its temporary files. */
    @Override
    public void close() {
        kill();
        boolean interrupted = Thread.interrupted();
        if (awaitExit().isEmpty()) {
            log.warn("worker {} does not end", process.pid());
        }
        try {
            process.getOutputStream().close();
            process.getInputStream().close();
        } catch (IOException e) {
            log.debug("worker {}: cannot close its streams", process.pid(), e);
        }
        ProcessFolders.delete(folder);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
