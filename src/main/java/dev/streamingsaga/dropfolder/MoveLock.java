package dev.streamingsaga.dropfolder;

import dev.streamingsaga.journal.SingletonLease;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Keeps processes from moving files into one folder at the same time: by a lock file, or by a lease in the journal
 * where the file system has no locks.
 */
final class MoveLock implements AutoCloseable {
    private final boolean held;
    private final Release release;

    private MoveLock(boolean held, Release release) {
        this.held = held;
        this.release = release;
    }

    @FunctionalInterface
    private interface Release {
        void run() throws IOException;
    }

    /** Does not wait: see {@link #isHeld}. */
    static MoveLock acquire(Path folder, SingletonLease leases) {
        try {
            return lock(FileChannel.open(
                    folder.resolve(".lock"),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    LinkOption.NOFOLLOW_LINKS));
        } catch (IOException e) {
            String name = "move " + folder;
            return new MoveLock(leases.hold(name), () -> leases.release(name));
        }
    }

    private static MoveLock lock(FileChannel channel) throws IOException {
        try {
            return new MoveLock(channel.tryLock() != null, channel::close);
        } catch (OverlappingFileLockException e) {
            return new MoveLock(false, channel::close); // another instance in this process
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** False if another process is moving files. */
    boolean isHeld() {
        return held;
    }

    @Override
    public void close() throws IOException {
        release.run();
    }
}
