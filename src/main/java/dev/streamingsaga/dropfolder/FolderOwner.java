package dev.streamingsaga.dropfolder;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides which journal ingests files from the folder. Two journals would store each file twice, as neither knows what
 * the other has stored. A journal owns the folder through the lock file {@code .owner-EPOCH.lock} in {@code .done}: all
 * processes of that journal hold a shared lock on it while they run. A lock file that no process holds belongs to a
 * former journal and is removed with a warning. On a file system without locks, other journals are not kept out.
 */
final class FolderOwner implements AutoCloseable {
    private static final String PREFIX = ".owner-";

    private final Path folder;
    private final Supplier<String> epoch;
    private final DeduplicatedWarnings warnings;
    private @Nullable HeldLock held;
    private boolean lockingFailed;
    private boolean closed;

    private record HeldLock(FileChannel channel, Path lockFile) {}

    /** @param folder of the lock files; created if it is missing */
    FolderOwner(Path folder, Supplier<String> epoch, DeduplicatedWarnings warnings) {
        this.folder = folder;
        this.epoch = epoch;
        this.warnings = warnings;
    }

    /** Tries to claim the folder at each call until it succeeds. False once it is closed. */
    synchronized boolean isOwned() {
        if (closed) {
            return false;
        }
        if (lockingFailed || held != null && Files.exists(held.lockFile(), LinkOption.NOFOLLOW_LINKS)) {
            return true;
        }
        try {
            release(); // the lock file was removed
            return claim(Settlement.folder(folder));
        } catch (IOException e) {
            warnings.warn(
                    folder,
                    "cannot hold the lock file of this journal (" + e + ");" + " files are ingested without it,"
                            + " and another journal that uses this folder goes unnoticed");
            lockingFailed = true;
            return true;
        }
    }

    private boolean claim(Path folder) throws IOException {
        try (FileChannel channel = open(folder.resolve(".owner.lock"));
                FileLock lock = channel.tryLock()) {
            return lock != null && claim(folder.resolve(PREFIX + epoch.get() + ".lock"), folder);
        } catch (OverlappingFileLockException e) {
            return false; // another instance in this process is claiming the folder
        }
    }

    private boolean claim(Path lockFile, Path folder) throws IOException {
        List<Path> others = others(folder, lockFile);
        for (Path other : others) {
            if (isHeld(other)) {
                warnings.warn(
                        Objects.requireNonNull(folder.getParent()),
                        "a process of another journal ingests the files of this folder"
                                + " (lock file " + other
                                + "). This process ingests none, so that nothing is stored twice. Let both use"
                                + " one journal (saga.journal.url), or set another saga.drop.dir, or stop that process:"
                                + " this one then continues by itself");
                return false;
            }
        }
        FileChannel own = open(lockFile);
        try {
            if (own.tryLock(0, Long.MAX_VALUE, true) == null) {
                own.close();
                return false; // another process is checking whether this lock is held
            }
        } catch (OverlappingFileLockException e) {
            // Another instance in this process, with the same journal, holds the lock already.
        }
        held = new HeldLock(own, lockFile);
        for (Path former : others) {
            warnings.warn(
                    former,
                    "is the lock file of a former journal whose process has ended; it is removed."
                            + " This journal does not know what that one stored:"
                            + " files that it kept in the folder are ingested again");
            Files.deleteIfExists(former);
        }
        return true;
    }

    private static List<Path> others(Path folder, Path lockFile) throws IOException {
        List<Path> others = new ArrayList<>();
        try (DirectoryStream<Path> lockFiles = Files.newDirectoryStream(folder, PREFIX + "*.lock")) {
            lockFiles.forEach(found -> {
                if (!found.equals(lockFile) && Files.isRegularFile(found, LinkOption.NOFOLLOW_LINKS)) {
                    others.add(found);
                }
            });
        }
        return others;
    }

    private static boolean isHeld(Path lockFile) throws IOException {
        try (FileChannel channel = open(lockFile);
                FileLock lock = channel.tryLock()) {
            return lock == null;
        } catch (OverlappingFileLockException e) {
            return true; // by another instance in this process
        }
    }

    private static FileChannel open(Path file) throws IOException {
        return FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
    }

    /** For good: a scan that still runs must not claim the folder again. */
    @Override
    public synchronized void close() throws IOException {
        closed = true;
        release();
    }

    private void release() throws IOException {
        if (held != null) {
            held.channel().close();
            held = null;
        }
    }
}
