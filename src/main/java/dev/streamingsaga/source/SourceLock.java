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
 * A shared lock of the operating system on a source file: writers that request an exclusive lock wait, and a file with
 * an exclusive lock is not read. Sagas of this process share one lock for each file. On a file system without locks,
 * files are read without one.
 *
 * <p>POSIX drops a process's locks on a file when it closes any descriptor of that file, as the reader of a chunk does.
 * Therefore {@link #confirm} acquires the lock again before each side effect.
 */
public final class SourceLock implements AutoCloseable {
    private static final ConcurrentHashMap<Path, SourceLock.SharedLock> LOCKS = new ConcurrentHashMap<>();

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

        synchronized boolean acquire() throws IOException {
            FileLock before = lock;
            if (before != null) {
                before.release();
            }
            try {
                lock = channel.tryLock(0, Long.MAX_VALUE, true);
                return lock != null;
            } catch (OverlappingFileLockException e) {
                // Another part of this process holds a lock, such as a file consumer with readLock=fileLock, and so
                // keeps
                // writers out.
                lock = null;
                return true;
            }
        }
    }

    /** @throws SagaException SOURCE_BUSY if another process has an exclusive lock on the file */
    public static SourceLock acquire(Path path) {
        LOCKS.compute(path, (key, existing) -> {
            try {
                SourceLock.SharedLock shared = existing == null
                        ? new SourceLock.SharedLock(FileChannel.open(path, StandardOpenOption.READ))
                        : existing;
                shared.users++;
                return shared;
            } catch (IOException e) {
                throw SourceFile.failure(path, e);
            }
        });
        SourceLock lock = new SourceLock(path);
        try {
            lock.confirm();
            return lock;
        } catch (SagaException e) {
            lock.close();
            throw e;
        }
    }

    /** @throws SagaException SOURCE_BUSY if another process has acquired an exclusive lock on the file */
    public void confirm() {
        SourceLock.SharedLock shared = LOCKS.get(path);
        try {
            if (shared != null && !shared.acquire()) {
                throw new SagaException(
                        Reason.SOURCE_BUSY,
                        path + " is locked by another process that writes to it; compensating,"
                                + " please retry when it has finished");
            }
        } catch (IOException e) {
            // A network file system without a lock service: identity and hashes still detect a writer, but later.
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        LOCKS.computeIfPresent(path, (key, shared) -> {
            shared.users--;
            if (shared.users > 0) {
                return shared;
            }
            try {
                shared.channel.close();
            } catch (IOException e) {
                // No saga uses the channel any more.
            }
            return null;
        });
    }
}
