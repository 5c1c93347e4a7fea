package dev.streamingsaga.backup;

import dev.streamingsaga.datadir.Permissions;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/**
 * A directory that is written beside its final place and renamed when it is complete. A file in it is locked while it
 * is written, so that a directory of a killed process can be told from one that another process writes, and from one
 * that is not ours.
 */
final class DraftDirectory implements AutoCloseable {
    private static final String MARKER = ".streaming-saga-draft";

    private final Path draft;
    private final Path target;
    private final FileChannel lock;

    private DraftDirectory(Path draft, Path target, FileChannel lock) {
        this.draft = draft;
        this.target = target;
        this.lock = lock;
    }

    /**
     * Creates {@code <target><suffix>}, and removes what a killed process left there.
     *
     * @throws BackupException if another process writes it, or it is not ours
     */
    static DraftDirectory create(Path target, String suffix) throws IOException {
        Path draft = target.resolveSibling(target.getFileName() + suffix);
        Path marker = draft.resolve(MARKER);
        if (Files.exists(draft, LinkOption.NOFOLLOW_LINKS)) {
            if (!Files.isRegularFile(marker, LinkOption.NOFOLLOW_LINKS)) {
                throw new BackupException(draft + " exists and is not the rest of an interrupted backup or restore;"
                        + " nothing was changed. Move it away, or name another directory");
            }
            lock(draft, marker).close();
            Trees.delete(draft);
        }
        Permissions.folder(draft);
        Permissions.file(marker);
        return new DraftDirectory(draft, target, lock(draft, marker));
    }

    private static FileChannel lock(Path draft, Path marker) throws IOException {
        FileChannel channel = FileChannel.open(marker, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            // This process writes it.
        }
        channel.close();
        throw new BackupException("another process writes " + draft + " now; wait until it ends");
    }

    Path path() {
        return draft;
    }

    /** Gives the directory its final name. */
    void publish() throws IOException {
        Files.delete(draft.resolve(MARKER));
        sync(draft);
        Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
        sync(Objects.requireNonNull(target.getParent()));
    }

    /** Removes the directory. */
    void discard() throws IOException {
        Trees.delete(draft);
    }

    static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
