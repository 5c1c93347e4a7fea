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
 * One pass over {@code /proc}: which regular files are open for writing, by device and inode, so that hard links and
 * renamed files count too. Only processes that this user may look into are seen, and none on other machines. Opens no
 * file but the names of processes.
 */
final class OpenFiles implements Callable<Map<String, String>> {
    private static final int MAX_DESCRIPTORS = 1_000_000;

    private final Path proc;
    private int left = MAX_DESCRIPTORS;

    OpenFiles(Path proc) {
        this.proc = proc;
    }

    /** @return file keys with a process that writes, as text; empty where there is no {@code /proc} */
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
                if (left-- <= 0 || Thread.currentThread().isInterrupted()) {
                    return;
                }
                add(process, descriptor, writers);
            }
        } catch (IOException | DirectoryIteratorException e) {
            // ended meanwhile, or another user's
        }
    }

    private static void add(Path process, Path descriptor, Map<String, String> writers) {
        try {
            // The link's permissions are those that the file was opened with, see proc(5).
            Set<PosixFilePermission> mode = Files.getPosixFilePermissions(descriptor, LinkOption.NOFOLLOW_LINKS);
            if (!mode.contains(PosixFilePermission.OWNER_WRITE)
                    || !Files.readSymbolicLink(descriptor).isAbsolute()) {
                return; // only read, or a socket or pipe
            }
            BasicFileAttributes file = Files.readAttributes(descriptor, BasicFileAttributes.class);
            if (file.isRegularFile()) {
                writers.putIfAbsent(
                        Objects.toString(file.fileKey(), ""), "process " + process.getFileName() + name(process));
            }
        } catch (IOException e) {
            // closed meanwhile
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
