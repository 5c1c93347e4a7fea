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

    /**
     * Locks it for the stand-alone application, after {@link #prepare}.
     *
     * @throws InUseException if another process has it
     */
    public static DataDirectory lock(SagaConfig config) {
        return lock(config, true);
    }

    /**
     * As {@link #lock}, but the directory may also have files of the hub. It keeps its mode then; our files are still
     * restricted to their owner.
     */
    public static DataDirectory lockInHub(SagaConfig config) {
        return lock(config, false);
    }

    private static DataDirectory lock(SagaConfig config, boolean alone) {
        Path dir = config.dataDir();
        Path file = dir.resolve("lock");
        FileChannel channel = null;
        if (!LOCKED_HERE.add(dir)) {
            // Not even opened: closing a second descriptor would drop the lock that the first one holds.
            throw new InUseException("the data directory " + dir
                    + " is in use by this process already; give another one with --data or the setting data.dir");
        }
        try {
            DirectoryAccess.prepare(dir, alone);
            channel = FileChannel.open(
                    file,
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.READ),
                    Permissions.ofFile());
            if (tryLock(channel) == null) {
                String owner = Files.readString(file).strip();
                channel.close();
                LOCKED_HERE.remove(dir);
                throw new InUseException("the data directory " + dir + " is in use by process " + owner
                        + "; wait for it, or give another one with --data or the setting data.dir");
            }
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
            return new DataDirectory(dir, channel);
        } catch (ConfigException e) {
            LOCKED_HERE.remove(dir);
            throw e;
        } catch (IOException e) {
            LOCKED_HERE.remove(dir);
            throw new UnavailableException("cannot use the data directory " + dir + ": " + e, e);
        }
    }

    /** Whether a process holds the lock; nothing is changed, and nothing is made that is not there. */
    public static boolean isInUse(Path dir) throws IOException {
        Path file = dir.resolve("lock");
        if (LOCKED_HERE.contains(dir)) {
            return true; // closing a second descriptor would drop the lock that the first one holds
        }
        if (!Files.exists(file)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            return tryLock(channel) == null;
        }
    }

    /**
     * Makes the directory with mode 700, or restricts an existing one and what is ours in it to its owner: folders 700,
     * files 600.
     *
     * @throws ConfigException if it belongs to somebody else, or is open to others and has files that are not ours
     */
    public static void prepare(Path dir) throws IOException {
        DirectoryAccess.prepare(dir, true);
    }

    /** Restricts to its owner what libraries have made there as the umask says. */
    public void tighten() {
        try {
            DirectoryAccess.tighten(directory);
        } catch (IOException e) {
            throw new UnavailableException("cannot restrict " + directory + " to its owner: " + e, e);
        }
    }

    /** What others than its owner may read or change in a data directory, a line each. Looks only. */
    public static List<String> findings(Path dir) throws IOException {
        return DirectoryAccess.findings(dir);
    }

    /**
     * Removes native libraries and other temporary files that a killed process left; who holds the lock knows that
     * nobody uses them.
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
            LOCKED_HERE.remove(directory);
        } catch (IOException e) {
            throw new UnavailableException("cannot give the data directory back: " + e.getMessage(), e);
        }
    }
}
