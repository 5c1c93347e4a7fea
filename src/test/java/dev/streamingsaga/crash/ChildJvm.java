package dev.streamingsaga.crash;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Starts {@link CrashChild}, fast: classes in jars, and after {@link #train} a class archive. */
final class ChildJvm {
    static final int SIGKILLED = 137;
    private static final int LIMIT_SECONDS = 150;
    private static final Pattern FINAL = Pattern.compile("(?m)^FINAL (\\d+)$");

    private final Path archive;
    private final String classPath;

    ChildJvm(Path directory) throws IOException {
        Files.createDirectories(directory);
        this.archive = directory.resolve("crash.jsa");
        List<String> jars = new ArrayList<>();
        String tests = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        for (String entry : tests.split(":")) {
            jars.add(Files.isDirectory(Path.of(entry)) ? jar(Path.of(entry), directory.resolve(jars.size() + ".jar")).toString() : entry);
        }
        this.classPath = String.join(":", jars);
    }

    /** @param millis from the start of the JVM until all was final; -1 if it did not come so far */
    record End(int exit, long millis, Path log) {
        boolean killed() {
            return exit == SIGKILLED || exit == CrashProbe.HALTED;
        }
    }

    /** A class archive can hold classes from jars only. */
    private static Path jar(Path classes, Path jar) throws IOException {
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar)); Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(found -> !found.equals(classes)).sorted().toList()) {
                // Directories too: migrations are looked for by their folder.
                boolean folder = Files.isDirectory(file);
                out.putNextEntry(new JarEntry(classes.relativize(file) + (folder ? "/" : "")));
                if (!folder) {
                    Files.copy(file, out);
                }
                out.closeEntry();
            }
        }
        return jar;
    }

    /** A whole saga, after which the JVM writes down which classes it needed. */
    End train(Path data, Path source) {
        return start(data, Map.of(), List.of("-XX:ArchiveClassesAtExit=" + archive), List.of("train", source.toString()));
    }

    /** @param properties settings ({@code saga.}) and orders for the {@link CrashProbe} */
    End run(Path data, Map<String, String> properties, String... arguments) {
        return start(data, properties, Files.exists(archive) ? List.of("-XX:SharedArchiveFile=" + archive) : List.of(), List.of(arguments));
    }

    /** As {@link #run}, without waiting for the end: for who kills it himself. */
    Running launch(Path data, Map<String, String> properties, String... arguments) {
        return begin(data, properties, Files.exists(archive) ? List.of("-XX:SharedArchiveFile=" + archive) : List.of(), List.of(arguments));
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

    private End start(Path data, Map<String, String> properties, List<String> options, List<String> arguments) {
        return begin(data, properties, options, arguments).end();
    }

    private Running begin(Path data, Map<String, String> properties, List<String> options, List<String> arguments) {
        Path log = data.resolveSibling(data.getFileName() + "-" + System.nanoTime() + ".log");
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"));
        command.addAll(options);
        settings(data, properties).forEach((key, value) -> command.add("-D" + key + "=" + value));
        command.addAll(List.of("-cp", classPath, CrashChild.class.getName()));
        command.addAll(arguments);
        try {
            return new Running(new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start(), log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One chunk, one batch at a time, so that the side effects come in the same order in each run. */
    static Map<String, String> settings(Path data, Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("saga.data.dir", data.toString());
        all.put("saga.routes.dir", data.resolve("no-routes").toString());
        all.put("saga.security.owner", "crash");
        all.put("saga.chunk.size", "5MiB");
        all.put("saga.chunk.parallelism", "1");
        all.put("saga.chunk.retry-delay", "50ms");
        all.put("saga.content.max-text-chars", "4000");
        all.put("saga.embedding.batch-size", "1");
        all.put("saga.embedding.threads", "1");
        all.put("saga.compensation.retry-delay", "500ms");
        // Dynamic proxies, temporary native libraries: into the directory that the application sweeps at each start.
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
