package dev.streamingsaga.datadir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Temporary folders of processes, side by side in one folder. Each name begins with the id of its process, so that
 * folders of killed processes are found.
 */
public final class ProcessFolders {
    private static final Pattern NAME = Pattern.compile("(\\d{1,18})-\\d+");
    private static final AtomicLong CREATED = new AtomicLong();
    private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

    private ProcessFolders() {}

    /** Creates a folder of this process, for its owner only. */
    public static Path create(Path parent) throws IOException {
        Path folder = parent.toAbsolutePath().resolve(ProcessHandle.current().pid() + "-" + CREATED.incrementAndGet());
        OPEN.add(folder);
        Permissions.folder(folder);
        return folder;
    }

    /** Deletes everything except folders of processes that are running. */
    public static void sweep(Path parent) throws IOException {
        if (!Files.isDirectory(parent)) {
            return;
        }
        List<Path> found;
        try (Stream<Path> entries = Files.list(parent.toAbsolutePath())) {
            found = entries.toList();
        }
        found.stream().filter(entry -> !isInUse(entry)).forEach(ProcessFolders::deleteTree);
    }

    private static boolean isInUse(Path entry) {
        Matcher name = NAME.matcher(entry.getFileName().toString());
        if (!name.matches()) {
            return false;
        }
        long pid = Long.parseLong(name.group(1));
        // After a restart in a container, the id may be the one of the killed process.
        return pid == ProcessHandle.current().pid()
                ? OPEN.contains(entry)
                : ProcessHandle.of(pid).isPresent();
    }

    /** Deletes a folder of this process with its content, as far as possible; the next {@link #sweep} tries again. */
    public static void delete(Path folder) {
        deleteTree(folder);
        OPEN.remove(folder);
    }

    /** Bytes of all files below a folder; files that disappear meanwhile do not count. */
    public static long sizeOf(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        } catch (IOException | RuntimeException e) {
            return 0;
        }
    }

    private static void deleteTree(Path root) {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(root)) {
            files = walk.sorted(Comparator.reverseOrder()).toList();
        } catch (IOException | RuntimeException e) {
            return;
        }
        files.forEach(file -> file.toFile().delete());
    }
}
