package dev.streamingsaga.source;

import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A shared lock of the operating system on a source: writers that ask for an exclusive one wait, and a file that such a
 * writer holds is not read. Sagas of this process share one lock for each file. A file system without locks is read
 * without.
 *
 * <p>POSIX drops a process's locks on a file whenever it closes any descriptor of that file, and a chunk's reader does.
 * So the lock is not believed but taken again by {@link #prove}, before each side effect.
 */
public final class SourceLock implements AutoCloseable {
    private static final ConcurrentHashMap<Path, SourceLock.SharedLock> HELD = new ConcurrentHashMap<>();

    private final Path path;
    private boolean closed;

    private SourceLock(Path path) {
        this.path = path;
    }

    /** One for each file and process; {@code users} counts the sagas that share it. */
    private static final class SharedLock {
        private final FileChannel channel;
        private @Nullable FileLock lock;
        private int users;

        SharedLock(FileChannel channel) {
            this.channel = channel;
        }

        synchronized boolean take() throws IOException {
            FileLock before = lock;
            if (before != null) {
                before.release();
            }
            try {
                lock = channel.tryLock(0, Long.MAX_VALUE, true);
                return lock != null;
            } catch (OverlappingFileLockException e) {
                // Another part of this process holds it, a file consumer with readLock=fileLock for one: that keeps
                // writers out as well.
                lock = null;
                return true;
            }
        }
    }

    /** @throws SagaException SOURCE_BUSY if another process holds the file exclusively */
    public static SourceLock acquire(Path path) {
        HELD.compute(path, (key, held) -> {
            try {
                SourceLock.SharedLock shared = held == null
                        ? new SourceLock.SharedLock(FileChannel.open(path, StandardOpenOption.READ))
                        : held;
                shared.users++;
                return shared;
            } catch (IOException e) {
                throw SourceFile.refused(path, e);
            }
        });
        SourceLock lock = new SourceLock(path);
        try {
            lock.prove();
            return lock;
        } catch (SagaException e) {
            lock.close();
            throw e;
        }
    }

    /** @throws SagaException SOURCE_BUSY if another process has taken the file exclusively */
    public void prove() {
        SourceLock.SharedLock held = HELD.get(path);
        try {
            if (held != null && !held.take()) {
                throw new SagaException(
                        Reason.SOURCE_BUSY,
                        path + " is locked by another process that writes to it; compensating,"
                                + " please retry when it has finished");
            }
        } catch (IOException e) {
            // Network file systems without a lock service: identity and hashes still show a writer, only later.
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        HELD.computeIfPresent(path, (key, held) -> {
            held.users--;
            if (held.users > 0) {
                return held;
            }
            try {
                held.channel.close();
            } catch (IOException e) {
                // Nothing depends on it any more.
            }
            return null;
        });
    }
}
