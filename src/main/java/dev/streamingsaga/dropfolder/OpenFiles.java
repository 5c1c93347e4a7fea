package dev.streamingsaga.dropfolder;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;

/**
 * Reads {@code /proc} once and finds the regular files that are open for writing. Identifies them by device and inode,
 * so that hard links and renamed files count too. Sees only processes that this user may inspect, and none on other
 * machines. Opens no file except those with the names of processes.
 */
final class OpenFiles implements Callable<Map<String, String>> {
    private static final int MAX_DESCRIPTORS = 1_000_000;

    private final Path proc;
    private int remaining = MAX_DESCRIPTORS;

    OpenFiles(Path proc) {
        this.proc = proc;
    }

    /** @return a description of one writing process for each file key; empty where there is no {@code /proc} */
    @Override
    public Map<String, String> call() throws IOException {
        Map<String, String> writers = new HashMap<>();
        if (!Files.isDirectory(proc)) {
            return writers;
        }
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[1-9]*")) {
            for (Path process : processes) {
                addAll(process, writers);
            }
        }
        return writers;
    }

    private void addAll(Path process, Map<String, String> writers) {
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path descriptor : descriptors) {
                if (remaining-- <= 0 || Thread.currentThread().isInterrupted()) {
                    return;
                }
                add(process, descriptor, writers);
            }
        } catch (IOException | DirectoryIteratorException e) {
            // the process has ended, or belongs to another user
        }
    }

    private static void add(Path process, Path descriptor, Map<String, String> writers) {
        try {
            // The link's permissions show the mode in which the file was opened, see proc(5).
            Set<PosixFilePermission> mode = Files.getPosixFilePermissions(descriptor, LinkOption.NOFOLLOW_LINKS);
            if (!mode.contains(PosixFilePermission.OWNER_WRITE)
                    || !Files.readSymbolicLink(descriptor).isAbsolute()) {
                return; // open for reading only, or a socket or pipe
            }
            BasicFileAttributes file = Files.readAttributes(descriptor, BasicFileAttributes.class);
            if (file.isRegularFile()) {
                writers.putIfAbsent(
                        Objects.toString(file.fileKey(), ""), "process " + process.getFileName() + name(process));
            }
        } catch (IOException e) {
            // closed in the meantime
        }
    }

    private static String name(Path process) {
        try {
            return " ("
                    + DeduplicatedWarnings.shown(
                            Files.readString(process.resolve("comm")).strip()) + ")";
        } catch (IOException e) {
            return "";
        }
    }
}
