package dev.streamingsaga.crash;

import dev.streamingsaga.testkit.ChildJava;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Starts {@link CrashChild}. */
final class ChildJvm {
    static final int SIGKILLED = 137;
    private static final int LIMIT_SECONDS = 150;
    private static final Pattern FINAL = Pattern.compile("(?m)^FINAL (\\d+)$");

    private ChildJvm() {}

    /** @param millis from the start of the JVM until all sagas were final; -1 if that was not reached */
    record End(int exit, long millis, Path log) {
        boolean killed() {
            return exit == SIGKILLED || exit == CrashProbe.HALTED;
        }
    }

    /** @param properties settings ({@code saga.}) and instructions for the {@link CrashProbe} */
    static End run(Path data, Map<String, String> properties, String... arguments) {
        return launch(data, properties, arguments).end();
    }

    record Running(Process process, Path log) {
        End kill() {
            process.destroyForcibly();
            return end();
        }

        End end() {
            try {
                if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly().waitFor();
                }
                Matcher end = FINAL.matcher(Files.readString(log));
                return new End(process.exitValue(), end.find() ? Long.parseLong(end.group(1)) : -1, log);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }

    /** Starts as {@link #run} does, but does not wait for the end: for tests that kill the process themselves. */
    static Running launch(Path data, Map<String, String> properties, String... arguments) {
        return launch("256m", data, properties, arguments);
    }

    static Running launch(String heap, Path data, Map<String, String> properties, String... arguments) {
        Path log = data.resolveSibling(data.getFileName() + "-" + System.nanoTime() + ".log");
        List<String> options = new ArrayList<>(List.of("-Xmx" + heap));
        settings(data, properties).forEach((key, value) -> options.add("-D" + key + "=" + value));
        try {
            List<String> command = ChildJava.command(options);
            command.add(CrashChild.class.getName());
            command.addAll(List.of(arguments));
            return new Running(
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(log.toFile())
                            .start(),
                    log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One chunk and one batch at a time, so that the side effects have the same order in each run. */
    static Map<String, String> settings(Path data, Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("saga.data.dir", data.toString());
        all.put("saga.routes.dir", data.resolve("no-routes").toString());
        all.put("saga.http.port", "0");
        all.put("saga.security.owner", "crash");
        all.put("saga.chunk.size", "5MiB");
        all.put("saga.chunk.parallelism", "1");
        all.put("saga.chunk.retry-delay", "50ms");
        all.put("saga.content.max-text-chars", "4000");
        all.put("saga.content.isolation", "in-process");
        all.put("saga.embedding.batch-size", "1");
        all.put("saga.embedding.threads", "1");
        all.put("saga.compensation.retry-delay", "500ms");
        all.put("saga.redelivery.max", "0");
        // For temporary native libraries: the application cleans this directory at each start.
        all.put("java.io.tmpdir", temporary(data).toString());
        all.putAll(more);
        return all;
    }

    private static Path temporary(Path data) {
        try {
            return Files.createDirectories(data.resolve("spool").resolve("tmp"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
