package dev.streamingsaga.ocr;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a program that reads its input, works, and writes text. Limits are on processor time and on what it writes; the
 * wall clock only decides about a program that does nothing at all.
 */
final class LimitedProcess {
    private static final Logger log = LoggerFactory.getLogger(LimitedProcess.class);

    static final int MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

    /** Without secrets: the program reads images of strangers. */
    private static final Set<String> ENVIRONMENT =
            Set.of("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "TESSDATA_PREFIX");

    private static final long POLL_MILLIS = 100;
    private static final Duration IDLE = Duration.ofMinutes(5);
    /** Exit code of a process that was ended by a signal, beside the number of the signal. */
    private static final int SIGNAL = 128;

    private static final int INTERRUPT = 2;
    private static final int TERMINATE = 15;
    private static final int BUFFER_BYTES = 64 * 1024;

    private final List<String> command;
    private final Duration cpuLimit;

    LimitedProcess(List<String> command, Duration cpuLimit) {
        this.command = command;
        this.cpuLimit = cpuLimit;
    }

    /** Writes what the program reads from its standard input. */
    interface Input {
        void writeTo(OutputStream in) throws IOException;
    }

    /**
     * Returns what the program wrote to its standard output, as UTF-8.
     *
     * @param alive called while the program uses processor time
     * @throws RecognitionException if it fails or exceeds a limit
     * @throws InterruptedIOException if this thread was interrupted, or the program was stopped with this process
     */
    String run(Input input, Runnable alive) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().keySet().retainAll(ENVIRONMENT);
        builder.environment().put("OMP_THREAD_LIMIT", "1");
        Process process = builder.start();
        LiveProcesses.add(process);
        try {
            CompletableFuture<byte[]> output = new CompletableFuture<>();
            start("saga-ocr-input", () -> write(process, input));
            start("saga-ocr-output", () -> read(process, output));
            await(process, alive);
            byte[] written = output.get();
            requireNotStopped(process.exitValue());
            if (written.length > MAX_OUTPUT_BYTES) {
                throw new RecognitionException("the program wrote more than " + MAX_OUTPUT_BYTES + " bytes");
            }
            if (process.exitValue() != 0) {
                throw new RecognitionException("the program ended with exit code " + process.exitValue());
            }
            return Tesseract.utf8(written);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } catch (ExecutionException e) {
            throw new RecognitionException("its output cannot be read: " + e.getMessage());
        } finally {
            LiveProcesses.end(process);
        }
    }

    /** A terminal, and systemd, signal all processes of a service at once. */
    private static void requireNotStopped(int exit) throws InterruptedIOException {
        if (LiveProcesses.areEnding() && exit != 0 || exit == SIGNAL + INTERRUPT || exit == SIGNAL + TERMINATE) {
            throw new InterruptedIOException("the program was stopped from outside, perhaps with this process");
        }
    }

    private void await(Process process, Runnable alive) throws InterruptedException, RecognitionException {
        Duration used = Duration.ZERO;
        long usedSince = System.nanoTime();
        while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
            Duration now = process.toHandle().info().totalCpuDuration().orElse(used);
            if (now.compareTo(cpuLimit) > 0) {
                throw new RecognitionException(
                        "it needed more than %d s of processor time".formatted(cpuLimit.toSeconds()));
            }
            if (now.compareTo(used) > 0) {
                used = now;
                usedSince = System.nanoTime();
                alive.run();
            } else if (System.nanoTime() - usedSince > IDLE.toNanos()) {
                throw new RecognitionException("the program did nothing for %d minutes".formatted(IDLE.toMinutes()));
            }
        }
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    /** If a program does not read all of its input, its exit code says whether that is an error. */
    private static void write(Process process, Input input) {
        try (OutputStream in = new BufferedOutputStream(process.getOutputStream(), BUFFER_BYTES)) {
            input.writeTo(in);
        } catch (IOException e) {
            log.debug("input of a program: {}", e.getMessage());
        }
    }

    /** One byte more than allowed shows that there was more. The pipe then closes, which ends the program. */
    private static void read(Process process, CompletableFuture<byte[]> output) {
        try (InputStream out = process.getInputStream()) {
            output.complete(out.readNBytes(MAX_OUTPUT_BYTES + 1));
        } catch (IOException | RuntimeException e) {
            output.completeExceptionally(e);
        }
    }
}
