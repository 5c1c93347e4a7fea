package dev.streamingsaga.datadir;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.UnavailableException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The lock on a data directory: while it is held, no other process writes there, and its former owner is dead. */
public final class DataDirectory implements AutoCloseable {
    /** Locks are the process's, not the channel's: who holds one must not open the file again. */
    private static final Set<Path> LOCKED_HERE = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel channel;

    private DataDirectory(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /** @throws InUseException if another process has it */
    public static DataDirectory lock(SagaConfig config) {
        Path dir = config.dataDir();
        Path file = dir.resolve("lock");
        FileChannel channel = null;
        if (!LOCKED_HERE.add(dir)) {
            // Not even opened: closing a second descriptor would drop the lock that the first one holds.
            throw new InUseException("the data directory " + dir + " is in use by this process already; give another one with --data or the setting data.dir");
        }
        try {
            createPrivately(dir);
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.READ);
            if (tryLock(channel) == null) {
                String owner = Files.readString(file).strip();
                channel.close();
                LOCKED_HERE.remove(dir);
                throw new InUseException("the data directory " + dir + " is in use by process " + owner
                        + "; wait for it, or give another one with --data or the setting data.dir");
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
            return new DataDirectory(dir, channel);
        } catch (IOException e) {
            LOCKED_HERE.remove(dir);
            throw new UnavailableException("cannot use the data directory " + dir + ": " + e, e);
        }
    }

    /** Documents, texts and secrets lie here: a new directory is for nobody but its owner. */
    public static void createPrivately(Path dir) throws IOException {
        boolean isNew = !Files.exists(dir);
        Files.createDirectories(dir);
        if (isNew && Files.getFileStore(dir).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwx------"));
        }
    }

    /** Removes native libraries and other temporary files that a killed process left; who holds the lock knows that nobody uses them. */
    public void sweep() throws IOException {
        Path temporary = directory.resolve("spool").resolve("tmp");
        if (!Files.isDirectory(temporary)) {
            return;
        }
        Instant start = ProcessHandle.current().info().startInstant().orElse(Instant.now());
        List<Path> old;
        try (Stream<Path> files = Files.walk(temporary)) {
            old = files.filter(file -> !file.equals(temporary) && before(file, start)).sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : old) {
            file.toFile().delete();
        }
    }

    private static boolean before(Path file, Instant time) {
        try {
            return Files.getLastModifiedTime(file).toInstant().isBefore(time);
        } catch (IOException e) {
            return false;
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
            LOCKED_HERE.remove(directory);
        } catch (IOException e) {
            throw new UnavailableException("cannot give the data directory back: " + e.getMessage(), e);
        }
    }
}
