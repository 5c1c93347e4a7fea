package dev.streamingsaga.datadir;

import dev.streamingsaga.config.ConfigException;
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
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The lock on a data directory. While it is held, no other process writes there, and the previous owner has ended. */
public final class DataDirectory implements AutoCloseable {
    /** Locks belong to the process, not to the channel: closing any channel of the file would release the lock. */
    private static final Set<Path> LOCKED_BY_THIS_PROCESS = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel channel;

    private DataDirectory(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /**
     * Prepares and locks the data directory for the stand-alone application.
     *
     * @throws InUseException if a process has locked it
     */
    public static DataDirectory lock(SagaConfig config) {
        return lock(config, true);
    }

    /**
     * Like {@link #lock}, for a directory that may also contain files of the hub. With such files the directory keeps
     * its mode; files of the instance are still restricted to their owner.
     */
    public static DataDirectory lockInHub(SagaConfig config) {
        return lock(config, false);
    }

    private static DataDirectory lock(SagaConfig config, boolean exclusive) {
        Path dir = config.dataDir();
        Path file = dir.resolve("lock");
        FileChannel channel = null;
        if (!LOCKED_BY_THIS_PROCESS.add(dir)) {
            // Do not open the file: closing a second descriptor would release the lock that the first one holds.
            throw new InUseException("the data directory " + dir
                    + " is in use by this process already; choose another one with --data or the setting data.dir");
        }
        try {
            DirectoryAccess.prepare(dir, exclusive);
            channel = FileChannel.open(
                    file,
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.READ),
                    Permissions.ofFile());
            if (tryLock(channel) == null) {
                String owner = Files.readString(file).strip();
                channel.close();
                LOCKED_BY_THIS_PROCESS.remove(dir);
                throw new InUseException("the data directory " + dir + " is in use by process " + owner
                        + "; wait until it ends, or choose another one with --data or the setting data.dir");
            }
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
            return new DataDirectory(dir, channel);
        } catch (ConfigException e) {
            LOCKED_BY_THIS_PROCESS.remove(dir);
            throw e;
        } catch (IOException e) {
            LOCKED_BY_THIS_PROCESS.remove(dir);
            throw new UnavailableException("cannot use the data directory " + dir + ": " + e, e);
        }
    }

    /** Whether a process holds the lock. Creates and changes nothing. */
    public static boolean isInUse(Path dir) throws IOException {
        Path file = dir.resolve("lock");
        if (LOCKED_BY_THIS_PROCESS.contains(dir)) {
            return true; // closing a second descriptor would release the lock that the first one holds
        }
        if (!Files.exists(file)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            return tryLock(channel) == null;
        }
    }

    /**
     * Creates the directory with mode 700, or restricts an existing one and the instance's files in it to their owner:
     * folders 700, files 600.
     *
     * @throws ConfigException if it belongs to another user, or is open to other users and contains only foreign files
     */
    public static void prepare(Path dir) throws IOException {
        DirectoryAccess.prepare(dir, true);
    }

    /** Restricts to their owner the files that libraries created with the mode of the umask. */
    public void tighten() {
        try {
            DirectoryAccess.tighten(directory);
        } catch (IOException e) {
            throw new UnavailableException("cannot restrict " + directory + " to its owner: " + e, e);
        }
    }

    /**
     * One line for each file or folder that other users may read or change, or that another user owns. Changes nothing.
     */
    public static List<String> findings(Path dir) throws IOException {
        return DirectoryAccess.findings(dir);
    }

    /**
     * Removes native libraries and other temporary files of killed processes. While the lock is held, no process uses
     * them.
     */
    public void sweepTemporaryFiles() throws IOException {
        NativeLibraries.sweep(directory);
        Path temporary = directory.resolve("spool").resolve("tmp");
        if (!Files.isDirectory(temporary)) {
            return;
        }
        Instant start = ProcessHandle.current().info().startInstant().orElse(Instant.now());
        List<Path> old;
        try (Stream<Path> files = Files.walk(temporary)) {
            old = files.filter(file -> !file.equals(temporary) && before(file, start))
                    .sorted(Comparator.reverseOrder())
                    .toList();
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
            LOCKED_BY_THIS_PROCESS.remove(directory);
        } catch (IOException e) {
            throw new UnavailableException("cannot release the data directory: " + e.getMessage(), e);
        }
    }
}
