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
 * Who has a file open for writing, as far as the system tells; see {@link OpenFiles}. One pass answers for all files
 * that are asked for within a quarter of a second, or within ten times as long as it took. Thread-safe.
 */
final class Writers {
    private static final long LEAST_AGE_NANOS = Duration.ofMillis(250).toNanos();
    private static final int PASSES_APART = 10;
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final boolean wanted;
    private final ExecutorService thread;
    private final DeduplicatedWarnings complaints;
    private final Path proc;
    private @Nullable Future<Map<String, String>> running;
    private Map<String, String> known = Map.of();
    private long begunNanos;
    private long ageNanos = -1;

    /**
     * @param wanted false: nobody is ever found
     * @param thread for the passes: a file system that hangs must hang only that
     */
    Writers(boolean wanted, ExecutorService thread, DeduplicatedWarnings complaints) {
        this.wanted = wanted;
        this.thread = thread;
        this.complaints = complaints;
        this.proc = Path.of("/proc");
    }

    /**
     * @param sinceNanos when the file was seen so for the first time, by {@link System#nanoTime}: what is known from
     *     before says nothing
     * @return the process; empty too if that can't be found out
     */
    synchronized Optional<String> of(SourceIdentity file, long sinceNanos) {
        if (!wanted || file.fileKey().isEmpty()) {
            return Optional.empty();
        }
        if (ageNanos < 0 || begunNanos - sinceNanos < 0 || System.nanoTime() - begunNanos > ageNanos) {
            look();
        }
        return Optional.ofNullable(known.get(file.fileKey()));
    }

    private void look() {
        Future<Map<String, String>> pass = running;
        try {
            long begun = System.nanoTime();
            if (pass == null) {
                pass = thread.submit(new OpenFiles(proc));
                running = pass;
            } else {
                pass.get(0, TimeUnit.NANOSECONDS); // one that hung before
                begun = begunNanos;
            }
            known = pass.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            begunNanos = begun;
            ageNanos = Math.max(LEAST_AGE_NANOS, PASSES_APART * (System.nanoTime() - begun));
            running = null;
        } catch (TimeoutException e) {
            known = Map.of();
            complaints.about(
                    proc,
                    "does not say within " + LIMIT.toSeconds() + " s who has files open"
                            + " (a file system hangs?); files are taken without, and looked at again when they are stored");
        } catch (ExecutionException e) {
            running = null;
            complaints.about(proc, "does not say who has files open (" + e.getCause() + "); files are taken without");
        } catch (RejectedExecutionException e) {
            known = Map.of(); // stopping
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
