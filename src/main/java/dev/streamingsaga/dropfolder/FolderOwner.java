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
 * Which journal takes files from the folder. Two would store each file twice: neither knows what the other has. A
 * journal's mark is {@code .owner-EPOCH.lock} in {@code .done}; all processes of that journal hold a shared lock on it
 * while they live. A mark that nobody holds is a former journal's: it is removed with a warning. Where files can't be
 * locked nobody is kept out.
 */
final class FolderOwner implements AutoCloseable {
    private static final String MARK = ".owner-";

    private final Path folder;
    private final Supplier<String> epoch;
    private final DeduplicatedWarnings complaints;
    private @Nullable Held held;
    private boolean unmarked;

    private record Held(FileChannel channel, Path mark) {}

    /** @param folder for the marks, made if it is missing */
    FolderOwner(Path folder, Supplier<String> epoch, DeduplicatedWarnings complaints) {
        this.folder = folder;
        this.epoch = epoch;
        this.complaints = complaints;
    }

    /** Asks again each time until the folder is ours. */
    synchronized boolean isOurs() {
        if (unmarked || held != null && Files.exists(held.mark(), LinkOption.NOFOLLOW_LINKS)) {
            return true;
        }
        try {
            close(); // somebody has removed the mark
            return claim(Settlement.folder(folder));
        } catch (IOException e) {
            complaints.about(
                    folder,
                    "cannot be marked as this journal's (" + e + ");"
                            + " another one that takes files here would not be noticed");
            unmarked = true;
            return true;
        }
    }

    private boolean claim(Path folder) throws IOException {
        try (FileChannel channel = open(folder.resolve(".owner.lock"));
                FileLock lock = channel.tryLock()) {
            return lock != null && claim(folder.resolve(MARK + epoch.get() + ".lock"), folder);
        } catch (OverlappingFileLockException e) {
            return false; // another instance in this process is at it
        }
    }

    private boolean claim(Path mark, Path folder) throws IOException {
        List<Path> others = others(folder, mark);
        for (Path other : others) {
            if (isHeld(other)) {
                complaints.about(
                        Objects.requireNonNull(folder.getParent()),
                        "another journal's process takes the files of this folder"
                                + " (mark " + other
                                + "); nothing is taken here, so that nothing is stored twice. Let both use"
                                + " one journal (saga.journal.url), or set another saga.drop.dir, or stop that process:"
                                + " this one goes on then by itself");
                return false;
            }
        }
        FileChannel own = open(mark);
        try {
            if (own.tryLock(0, Long.MAX_VALUE, true) == null) {
                own.close();
                return false; // somebody asks just now whether we live
            }
        } catch (OverlappingFileLockException e) {
            // Another instance in this process, with the same journal, holds it for us.
        }
        held = new Held(own, mark);
        for (Path former : others) {
            complaints.about(
                    former,
                    "is the mark of a former journal of this folder whose process has ended;"
                            + " the mark is removed. What that journal had stored is not known here:"
                            + " files that it kept in the folder are taken again");
            Files.deleteIfExists(former);
        }
        return true;
    }

    private static List<Path> others(Path folder, Path mark) throws IOException {
        List<Path> others = new ArrayList<>();
        try (DirectoryStream<Path> marks = Files.newDirectoryStream(folder, MARK + "*.lock")) {
            marks.forEach(found -> {
                if (!found.equals(mark) && Files.isRegularFile(found, LinkOption.NOFOLLOW_LINKS)) {
                    others.add(found);
                }
            });
        }
        return others;
    }

    private static boolean isHeld(Path mark) throws IOException {
        try (FileChannel channel = open(mark);
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

    @Override
    public synchronized void close() throws IOException {
        if (held != null) {
            held.channel().close();
            held = null;
        }
    }
}
