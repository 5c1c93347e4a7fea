package dev.streamingsaga.intake;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.digest.ChunkedDigest;
import dev.streamingsaga.digest.Digests;
import dev.streamingsaga.journal.Ids;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SourceIdentity;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps received bodies on disk. While a body arrives, its file is named {@code NAME.part}. When it is complete,
 * checked and synced, it is renamed to the source path of its saga. Its name is derived from sender, document name and
 * content, so the same document again has the same {@link BodyKey}, on each node. The file is removed when no saga
 * needs it any more.
 */
public final class UploadSpool {
    private static final Logger LOG = LoggerFactory.getLogger(UploadSpool.class);
    private static final String PART = ".part";

    /** Reserved for the journal, which must be able to write while a body arrives. */
    private static final long RESERVE_BYTES = 64L * 1024 * 1024;

    private static final long CHECK_EVERY_BYTES = 64L * 1024 * 1024;

    private final Path folder;
    private final String endpoint;
    private final long maxBytes;
    private final long chunkSizeBytes;
    private final Journal journal;
    private final Map<Path, Integer> users = new HashMap<>();

    /** @param folder used by this ingestion endpoint only, and named like it */
    public UploadSpool(Path folder, SagaConfig config, Journal journal) {
        this.folder = folder;
        this.endpoint = String.valueOf(folder.getFileName());
        this.maxBytes = config.documents().source().maxSizeBytes();
        this.chunkSizeBytes = config.documents().chunk().sizeBytes();
        this.journal = journal;
    }

    /**
     * A complete body that no saga has claimed yet.
     *
     * @param digests taken while the body arrived
     * @param written the file when its last byte was written; without the time of its last change, since a claim
     *     renames it
     */
    public record ReceivedBody(Path part, Digests digests, SourceIdentity written) {
        public String sha256() {
            return digests.sha256();
        }

        public long sizeBytes() {
            return digests.sizeBytes();
        }
    }

    /** Creates the folder, and removes files that a killed process left behind without a saga. */
    public void open() throws IOException {
        Permissions.tighten(Permissions.folder(folder));
        try (Stream<Path> parts = Files.list(folder)) {
            for (Path part :
                    parts.filter(file -> file.toString().endsWith(PART)).toList()) {
                Files.deleteIfExists(part);
            }
        }
        sweep();
    }

    /**
     * Removes every file that neither a saga or a pending redelivery, on any node, nor a running call needs, such as
     * the files of sagas that ended after a pause or through recovery.
     */
    public synchronized void sweep() {
        try {
            List<Path> idle = idle();
            if (!idle.isEmpty()) {
                Set<String> needed = journal.sagas().neededSources();
                for (Path file : idle) {
                    if (!needed.contains(sourceKey(file))) {
                        Files.deleteIfExists(file);
                    }
                }
            }
        } catch (IOException | RuntimeException e) {
            notRemoved(e);
        }
    }

    /** Files that no running call uses. */
    private List<Path> idle() throws IOException {
        // The paths of claims are real ones.
        try (Stream<Path> files = Files.list(folder.toRealPath())) {
            return files.filter(file -> !file.toString().endsWith(PART) && !users.containsKey(file))
                    .toList();
        }
    }

    private void notRemoved(Exception e) {
        LOG.warn("cannot remove unused files from {} ({}); retrying in a moment", folder, e.toString());
    }

    private String sourceKey(Path file) {
        return new BodyKey(endpoint, String.valueOf(file.getFileName())).toString();
    }

    /** @throws DocumentRefusedException TOO_LARGE or NO_ROOM */
    public void requireRoom(long bytes) throws IOException {
        if (bytes > maxBytes) {
            throw tooLarge();
        }
        FileStore disk = Files.getFileStore(folder);
        if (disk.getUsableSpace() - bytes < RESERVE_BYTES) {
            throw noRoom(null);
        }
    }

    private DocumentRefusedException tooLarge() {
        return new DocumentRefusedException(
                DocumentRefusedException.Kind.TOO_LARGE,
                "too-large",
                "the document has more than " + maxBytes + " bytes (saga.file.max-size); nothing was kept");
    }

    private static DocumentRefusedException noRoom(@org.jspecify.annotations.Nullable Throwable cause) {
        return new DocumentRefusedException(
                DocumentRefusedException.Kind.NO_ROOM,
                "no-space",
                "the disk of the spool folder is full; nothing was kept, free some space and send it again",
                cause);
    }

    /**
     * A body that writes itself to a stream. Throws {@link BodyAbortedException} if the sender does not complete it.
     */
    @FunctionalInterface
    public interface Body {
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Writes a body to disk as it arrives, and syncs it. Keeps nothing if this throws.
     *
     * @throws DocumentRefusedException TOO_LARGE, or NO_ROOM if the disk is full
     * @throws BodyAbortedException if the sender disconnected
     */
    public UploadSpool.ReceivedBody receive(InputStream body) throws IOException {
        return receive(StreamCopy.of(body));
    }

    /** Like {@link #receive(InputStream)}. */
    public UploadSpool.ReceivedBody receive(Body body) throws IOException {
        return receive(body, maxBytes);
    }

    /** Like {@link #receive(Body)}, but without a size limit: for a body that does not become a document. */
    public UploadSpool.ReceivedBody receiveAny(Body body) throws IOException {
        return receive(body, Long.MAX_VALUE);
    }

    private UploadSpool.ReceivedBody receive(Body body, long limit) throws IOException {
        Path part = folder.resolve(Ids.next() + PART);
        try {
            return write(body, limit, part);
        } catch (BodyAbortedException e) {
            Files.deleteIfExists(part);
            throw e;
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(part);
            if (!(e instanceof DocumentRefusedException)
                    && Files.getFileStore(folder).getUsableSpace() < RESERVE_BYTES) {
                throw noRoom(e);
            }
            throw e;
        }
    }

    private UploadSpool.ReceivedBody write(Body body, long limit, Path part) throws IOException {
        try (ChunkedDigest digest = new ChunkedDigest(chunkSizeBytes);
                FileChannel file = FileChannel.open(
                        part, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), Permissions.ofFile())) {
            SpoolWriter writer = new SpoolWriter(file, digest, (size, more) -> {
                if (size / CHECK_EVERY_BYTES != (size + more) / CHECK_EVERY_BYTES) {
                    requireRoom(0);
                }
                if (size + more > limit) {
                    throw tooLarge();
                }
            });
            try {
                body.writeTo(writer);
            } catch (IOException | RuntimeException e) {
                writer.requireNoFailure();
                throw e;
            }
            file.force(true);
            return new UploadSpool.ReceivedBody(part, digest.end(), identity(part));
        }
    }

    private static SourceIdentity identity(Path part) throws IOException {
        BasicFileAttributes found = Files.readAttributes(part, BasicFileAttributes.class);
        return new SourceIdentity(
                Objects.toString(found.fileKey(), ""),
                found.size(),
                found.lastModifiedTime().to(TimeUnit.NANOSECONDS),
                0);
    }

    /** What identifies the body on every node. */
    public BodyKey key(UploadSpool.ReceivedBody body, String sender, String name) {
        return BodyKey.of(endpoint, sender, name, body.sha256());
    }

    /** The path that a body has here when it is the source of a saga. */
    public Path path(BodyKey key) throws IOException {
        return folder.toRealPath().resolve(key.fileName());
    }

    /** Whether this node holds the body. */
    public boolean contains(BodyKey key) {
        return key.endpoint().equals(endpoint) && Files.isRegularFile(folder.resolve(key.fileName()));
    }

    /**
     * Moves the body to its source path, or drops it if the same body is there already. The caller must call
     * {@link #release} afterwards.
     */
    public void claim(UploadSpool.ReceivedBody body, Path path) throws IOException {
        synchronized (this) {
            if (Files.exists(path)) {
                Files.delete(body.part());
            } else {
                Files.move(body.part(), path, StandardCopyOption.ATOMIC_MOVE);
            }
            users.merge(path, 1, Integer::sum);
        }
        // Outside of the lock, so that many bodies share a sync. Also for a file that another call has just moved.
        try (FileChannel spool = FileChannel.open(folder, StandardOpenOption.READ)) {
            spool.force(true);
        } catch (IOException | RuntimeException e) {
            release(path);
            throw e;
        }
    }

    /**
     * Ends the use of a file by a call. If its saga was only paused, the file stays until the saga ends. Files of sagas
     * that ended without a call, through recovery, are removed, too.
     */
    public synchronized void release(Path path) {
        users.computeIfPresent(path, (file, count) -> count == 1 ? null : count - 1);
        if (users.containsKey(path)) {
            return;
        }
        try {
            if (!journal.sagas().isSourceNeeded(sourceKey(path))) {
                Files.deleteIfExists(path);
            }
            if (!idle().isEmpty()) {
                sweep();
            }
        } catch (IOException | RuntimeException e) {
            notRemoved(e); // by the next sweep
        }
    }

    public void drop(UploadSpool.ReceivedBody body) throws IOException {
        Files.deleteIfExists(body.part());
    }
}
