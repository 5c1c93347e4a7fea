package dev.streamingsaga.source;

import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SourceIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/** Looks at originals. Nothing here opens a file for writing, and nothing but a regular file is ever opened. */
public final class SourceFile {
    private static final int BUFFER_BYTES = 256 * 1024;
    private static final int BLOCKS_UNASKED = 16;
    private static final String MODIFIED = "file was modified during upload, please retry";

    private SourceFile() {}

    /**
     * What a path really is, symbolic links followed once and for all: later looks at the returned path follow none.
     *
     * @throws SagaException FILE_NOT_FOUND if it is not there, FILE_NOT_READABLE if it can't be looked at
     */
    public static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            throw refused(path, e);
        }
    }

    /**
     * Takes the identity of the file that the path leads to. Directories, pipes, devices and sockets are refused
     * unopened.
     *
     * @throws SagaException FILE_NOT_FOUND if it is not there, FILE_NOT_READABLE if it is no readable regular file
     */
    public static SourceIdentity identity(Path path) {
        Path real = real(path);
        BasicFileAttributes found = identityOf(real);
        if (!found.isRegularFile()) {
            throw new SagaException(Reason.FILE_NOT_READABLE, path + " is not a regular file; nothing was read");
        }
        if (!Files.isReadable(real)) {
            throw new SagaException(Reason.FILE_NOT_READABLE, path + " may not be read by this user; nothing was read");
        }
        return identity(real, found);
    }

    /**
     * The file at just this path, links not followed, whether it may be read or not; empty if it is no regular file.
     *
     * @throws SagaException FILE_NOT_FOUND if it is not there, FILE_NOT_READABLE if it can't be looked at
     */
    public static Optional<SourceIdentity> regularFile(Path path) {
        BasicFileAttributes found = identityOf(path);
        return found.isRegularFile() ? Optional.of(identity(path, found)) : Optional.empty();
    }

    /**
     * Compares the path, not an open handle: a handle goes on reading a deleted file.
     *
     * @throws SagaException FILE_NOT_FOUND if it is gone, HASH_MISMATCH if inode, size or modification time differ
     */
    public static void check(Path path, SourceIdentity expected) {
        identityOf(path, expected);
    }

    /**
     * As {@link #check}, and reads the file again if its attributes changed meanwhile: that may have been a
     * {@code chmod}, or somebody who wrote and set the modification time back.
     *
     * @param sha256 of the whole file
     * @throws SagaException as {@link #check}, and HASH_MISMATCH if the bytes differ
     */
    public static void checkContent(Path path, SourceIdentity expected, String sha256, Runnable wanted) {
        if (identityOf(path, expected).changedNanos() != expected.changedNanos()
                && !sha256(path, 0, expected.sizeBytes(), wanted).equals(sha256)) {
            throw modified(path);
        }
    }

    /**
     * Reads a part of the file again.
     *
     * @param sha256 of that part, as it must be
     * @throws SagaException HASH_MISMATCH if it is not, FILE_NOT_FOUND or FILE_NOT_READABLE; or what {@code wanted}
     *     throws
     */
    public static void checkPart(Path path, long offset, long sizeBytes, String sha256, Runnable wanted) {
        if (!sha256(path, offset, sizeBytes, wanted).equals(sha256)) {
            throw modified(path);
        }
    }

    private static String sha256(Path path, long offset, long sizeBytes, Runnable wanted) {
        MessageDigest digest = DigestPass.sha256();
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(BUFFER_BYTES, Math.max(1, sizeBytes)));
        long end = offset + sizeBytes;
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
            long position = offset;
            for (long block = 0; position < end; block++) {
                if (block % BLOCKS_UNASKED == 0) {
                    wanted.run();
                }
                int n = file.read(buffer.clear().limit((int) Math.min(buffer.capacity(), end - position)), position);
                if (n < 0) {
                    throw modified(path);
                }
                digest.update(buffer.array(), 0, n);
                position += n;
            }
        } catch (IOException e) {
            throw refused(path, e);
        }
        return DigestPass.hex(digest);
    }

    private static SourceIdentity identityOf(Path path, SourceIdentity expected) {
        Path real = real(path);
        BasicFileAttributes found = identityOf(real);
        if (!found.isRegularFile()) {
            throw modified(path);
        }
        SourceIdentity identity = identity(real, found);
        if (!identity.looksLike(expected)) {
            throw modified(path);
        }
        return identity;
    }

    /**
     * Hashes the whole file and each chunk in one pass on two threads; needs about 1 MiB whatever the file's size.
     *
     * @param bytesDone told now and then how many bytes are hashed
     * @param wanted called now and then; what it throws ends the pass and is thrown on
     * @throws SagaException HASH_MISMATCH or FILE_NOT_FOUND if the file is not the one of {@code identity} before,
     *     during or after the pass, FILE_NOT_READABLE if reading fails
     */
    public static Digests digest(
            Path path, SourceIdentity identity, long chunkSize, LongConsumer bytesDone, Runnable wanted) {
        check(path, identity);
        Digests digests;
        try {
            digests = new DigestPass(path, identity.sizeBytes(), chunkSize, bytesDone, wanted).run();
        } catch (IOException e) {
            throw refused(path, e);
        }
        check(path, identity);
        if (digests.sizeBytes() != identity.sizeBytes()) {
            throw modified(path);
        }
        return digests;
    }

    /** The refusal of a file that is no longer what it was. */
    public static SagaException modified(Path path) {
        return new SagaException(Reason.HASH_MISMATCH, path + ": " + MODIFIED);
    }

    private static BasicFileAttributes identityOf(Path real) {
        try {
            return Files.readAttributes(real, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw refused(real, e);
        }
    }

    private static SourceIdentity identity(Path real, BasicFileAttributes found) {
        return new SourceIdentity(
                Objects.toString(found.fileKey(), ""),
                found.size(),
                found.lastModifiedTime().to(TimeUnit.NANOSECONDS),
                changedNanos(real));
    }

    private static long changedNanos(Path real) {
        try {
            return ((FileTime) Files.getAttribute(real, "unix:ctime", LinkOption.NOFOLLOW_LINKS))
                    .to(TimeUnit.NANOSECONDS);
        } catch (UnsupportedOperationException e) {
            return 0;
        } catch (IOException e) {
            throw refused(real, e);
        }
    }

    static SagaException refused(Path path, IOException e) {
        if (e instanceof NoSuchFileException) {
            return new SagaException(Reason.FILE_NOT_FOUND, path + " is not there (any more)", e);
        }
        String why = e instanceof AccessDeniedException
                ? "may not be read by this user"
                : "cannot be read: " + e.getMessage();
        return new SagaException(Reason.FILE_NOT_READABLE, path + " " + why, e);
    }
}
