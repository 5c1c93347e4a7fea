package dev.streamingsaga.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/**
 * Starts JVMs with the class path of the tests in half the time: from jars, with a shared archive of the classes that
 * the application needs. The first test creates it in {@code target/child-java}; all tests, also in other JVMs, reuse
 * it until the JDK or the class path changes. If the archive is missing or the JVM rejects it, the JVMs only start more
 * slowly.
 */
public final class ChildJava {
    private static final Path HOME = Path.of("target", "child-java").toAbsolutePath();
    private static final List<String> OPTIONS = List.of(
            "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xlog:cds=off", "-Xlog:cds+dynamic=off");
    private static final String CLASS_PATH = "classpath";
    private static final String ARCHIVE = "classes.jsa";
    private static final int REHEARSAL_SECONDS = 150;

    private ChildJava() {}

    /**
     * Call this before all tests of a class that wait for such a JVM with a time limit, since creating the archive
     * takes long.
     */
    public static void prepare() {
        Objects.requireNonNull(Made.DIRECTORY);
    }

    /** {@code java} with these options and the class path; append the main class and its arguments. */
    public static List<String> command(List<String> options) throws IOException {
        Path made = Made.DIRECTORY;
        List<String> all = new ArrayList<>(options);
        all.add("-XX:SharedArchiveFile=" + made.resolve(ARCHIVE));
        return command(all, Files.readString(made.resolve(CLASS_PATH)));
    }

    private static List<String> command(List<String> options, String classPath) {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(OPTIONS);
        command.addAll(options);
        command.addAll(List.of("-cp", classPath));
        return command;
    }

    /** Initialized once in each JVM. */
    private static final class Made {
        static final Path DIRECTORY = directory();

        private static Path directory() {
            try {
                return made();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Locks, so that one JVM at a time creates the archive. */
    private static Path made() throws IOException {
        List<Path> entries = Stream.of(
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                                .split(":"))
                .map(Path::of)
                .toList();
        Path made = HOME.resolve(jdk() + "-" + fingerprint(entries));
        Files.createDirectories(HOME);
        try (FileChannel file =
                        FileChannel.open(HOME.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = file.lock()) {
            if (!Files.exists(made.resolve(CLASS_PATH))) {
                deleteOutdated();
                make(Files.createDirectory(made), entries);
            }
            return made;
        }
    }

    private static String jdk() {
        return System.getProperty("java.vm.version").replaceAll("[^0-9A-Za-z.]", "_");
    }

    /** Deletes archives of this JDK for other classes, and incomplete ones. */
    private static void deleteOutdated() throws IOException {
        try (Stream<Path> all = Files.list(HOME)) {
            for (Path old : all.filter(each -> each.getFileName().toString().startsWith(jdk() + "-"))
                    .toList()) {
                remove(old);
            }
        }
    }

    private static void remove(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Writes the class path last: its presence shows that the directory is complete. */
    private static void make(Path made, List<Path> entries) throws IOException {
        List<String> jars = new ArrayList<>();
        for (Path entry : entries) {
            jars.add(
                    Files.isDirectory(entry)
                            ? jar(entry, made.resolve(jars.size() + ".jar")).toString()
                            : entry.toString());
        }
        String classPath = String.join(":", jars);
        rehearse(made, classPath);
        Files.writeString(made.resolve(CLASS_PATH), classPath);
    }

    /** A class archive can hold classes from jars only. */
    private static Path jar(Path classes, Path jar) throws IOException {
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.walk(classes)) {
            for (Path file :
                    files.filter(found -> !found.equals(classes)).sorted().toList()) {
                // Directories too: migrations are found by their directory.
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

    /** Runs a whole saga, after which the JVM archives the classes that it loaded. */
    private static void rehearse(Path made, String classPath) throws IOException {
        List<String> command =
                command(List.of("-Xmx256m", "-XX:ArchiveClassesAtExit=" + made.resolve(ARCHIVE)), classPath);
        Path log = made.resolve("rehearsal.log");
        command.addAll(
                List.of(Rehearsal.class.getName(), made.resolve("rehearsal").toString()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            if (!process.waitFor(REHEARSAL_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException("the rehearsal failed:\n" + Files.readString(log));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Changes whenever a class or library changes. */
    private static String fingerprint(List<Path> entries) throws IOException {
        StringBuilder all = new StringBuilder();
        for (Path entry : entries.stream().filter(Files::exists).toList()) {
            try (Stream<Path> files = Files.walk(entry)) {
                for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                    all.append(file)
                            .append(' ')
                            .append(Files.size(file))
                            .append(' ')
                            .append(Files.getLastModifiedTime(file))
                            .append('\n');
                }
            }
        }
        try {
            byte[] sha256 =
                    MessageDigest.getInstance("SHA-256").digest(all.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(sha256, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
