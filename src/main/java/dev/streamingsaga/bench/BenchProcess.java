package dev.streamingsaga.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Runs the command line, or another class, in a child process, which can be killed, with the Java, class path and
 * options of this process.
 */
final class BenchProcess implements AutoCloseable {
    private static final long LIMIT_MINUTES = 20;
    private static final long OUTPUT_SECONDS = 60;
    private static final long POLL_MILLIS = 20;
    private static final String COMMAND_LINE = "dev.streamingsaga.cli.Main";

    private final Process process;
    private final Path output;

    private BenchProcess(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /** The command line. */
    static BenchProcess start(Path output, String... args) throws IOException {
        return start(output, List.of(), COMMAND_LINE, args);
    }

    /** The command line, with its messages on standard error. */
    static BenchProcess visible(Path output, List<String> args) throws IOException {
        return start(output, List.of(), ProcessBuilder.Redirect.INHERIT, COMMAND_LINE, args);
    }

    /** @param options of the JVM; they override those of this process */
    static BenchProcess start(Path output, List<String> options, String mainClass, String... args) throws IOException {
        return start(output, options, ProcessBuilder.Redirect.DISCARD, mainClass, List.of(args));
    }

    private static BenchProcess start(
            Path output, List<String> options, ProcessBuilder.Redirect errors, String mainClass, List<String> args)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
        command.addAll(args);
        return new BenchProcess(
                new ProcessBuilder(command)
                        .redirectOutput(output.toFile())
                        .redirectError(errors)
                        .start(),
                output);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** CPU time of the process so far, in steps of 10 ms. */
    double cpuSeconds() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1000.0;
    }

    /**
     * Waits for the end of the process.
     *
     * @return its CPU time when it had printed each of its lines, to about 20 ms
     */
    List<Double> cpuSecondsByLine() throws IOException, InterruptedException {
        List<Double> seconds = new ArrayList<>();
        double last = 0;
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(LIMIT_MINUTES);
        while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
            if (System.nanoTime() > end) {
                throw tooLong();
            }
            last = Math.max(last, cpuSeconds());
            addForNewLines(seconds, last);
        }
        addForNewLines(seconds, last);
        return seconds;
    }

    private void addForNewLines(List<Double> seconds, double cpu) throws IOException {
        for (long lines = Files.readString(output).lines().count(); seconds.size() < lines; ) {
            seconds.add(cpu);
        }
    }

    /** Bytes of live objects after a full collection; 0 if this Java has no {@code jcmd}. */
    long liveHeapBytes(Path output) throws IOException, InterruptedException {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        if (!Files.isExecutable(jcmd)) {
            return 0;
        }
        new ProcessBuilder(jcmd.toString(), Long.toString(process.pid()), "GC.class_histogram")
                .redirectOutput(output.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor(1, TimeUnit.MINUTES);
        // Total <objects> <bytes>
        return Files.readAllLines(output).stream()
                .filter(line -> line.startsWith("Total "))
                .mapToLong(line -> Long.parseLong(line.strip().split("\\s+")[2]))
                .findFirst()
                .orElse(0);
    }

    /** SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor(1, TimeUnit.MINUTES);
    }

    int await() throws InterruptedException {
        if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
            throw tooLong();
        }
        return process.exitValue();
    }

    private static IllegalStateException tooLong() {
        return new IllegalStateException("the measured command did not end within " + LIMIT_MINUTES + " minutes");
    }

    /** Waits until the process has printed a line that begins like this, and returns the rest of it. */
    String line(String prefix) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(OUTPUT_SECONDS);
        while (System.nanoTime() < end && process.isAlive()) {
            String printed = Files.readString(output);
            Optional<String> found = printed.substring(0, printed.lastIndexOf('\n') + 1)
                    .lines()
                    .filter(line -> line.startsWith(prefix))
                    .findFirst();
            if (found.isPresent()) {
                return found.get().substring(prefix.length());
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        throw new IllegalStateException("a process of the benchmark did not print " + prefix);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
