package dev.streamingsaga.dropfolder;

import dev.streamingsaga.journal.SourceIdentity;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Finds the process that has a file open for writing, as far as the system shows it; see {@link OpenFiles}. The result
 * of one pass is used for 250 ms, or for ten times as long as the pass took. Thread-safe.
 */
final class Writers {
    private static final long LEAST_AGE_NANOS = Duration.ofMillis(250).toNanos();
    private static final int PASSES_APART = 10;
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final boolean enabled;
    private final ExecutorService thread;
    private final DeduplicatedWarnings warnings;
    private final Path proc;
    private @Nullable Future<Map<String, String>> running;
    private Map<String, String> known = Map.of();
    private long begunNanos;
    private long ageNanos = -1;

    /**
     * @param enabled false: no writer is ever found
     * @param thread for the passes, so that a file system that hangs blocks only this thread
     */
    Writers(boolean enabled, ExecutorService thread, DeduplicatedWarnings warnings) {
        this.enabled = enabled;
        this.thread = thread;
        this.warnings = warnings;
        this.proc = Path.of("/proc");
    }

    /**
     * @param sinceNanos when the file was first seen in this state, by {@link System#nanoTime}; older results do not
     *     count
     * @return a description of the process; also empty if it cannot be determined
     */
    synchronized Optional<String> of(SourceIdentity file, long sinceNanos) {
        if (!enabled || file.fileKey().isEmpty()) {
            return Optional.empty();
        }
        if (ageNanos < 0 || begunNanos - sinceNanos < 0 || System.nanoTime() - begunNanos > ageNanos) {
            refresh();
        }
        return Optional.ofNullable(known.get(file.fileKey()));
    }

    private void refresh() {
        Future<Map<String, String>> pass = running;
        try {
            long begun = System.nanoTime();
            if (pass == null) {
                pass = thread.submit(new OpenFiles(proc));
                running = pass;
            } else {
                pass.get(0, TimeUnit.NANOSECONDS); // a pass that hung before
                begun = begunNanos;
            }
            known = pass.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            begunNanos = begun;
            ageNanos = Math.max(LEAST_AGE_NANOS, PASSES_APART * (System.nanoTime() - begun));
            running = null;
        } catch (TimeoutException e) {
            known = Map.of();
            warnings.warn(
                    proc,
                    "was not read within " + LIMIT.toSeconds()
                            + " s (does a file system hang?), so writers are unknown;"
                            + " files are ingested without this check, and rechecked after they are stored");
        } catch (ExecutionException e) {
            running = null;
            warnings.warn(
                    proc,
                    "cannot be read (" + e.getCause()
                            + "), so writers are unknown; files are ingested without this check");
        } catch (RejectedExecutionException e) {
            known = Map.of(); // stopping
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
