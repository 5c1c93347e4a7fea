package dev.streamingsaga.source;

import dev.streamingsaga.digest.Digests;
import dev.streamingsaga.digest.Sha256;
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

/** Reads source files. Only regular files are opened, and never for writing. */
public final class SourceFile {
    private static final int BUFFER_BYTES = 256 * 1024;
    private static final int BLOCKS_BETWEEN_CHECKS = 16;
    private static final String MODIFIED = "file was modified during upload, please retry";

    private SourceFile() {}

    /**
     * Resolves all symbolic links, so that later checks of the returned path follow none.
     *
     * @throws SagaException FILE_NOT_FOUND if the file does not exist, FILE_NOT_READABLE if it cannot be accessed
     */
    public static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            throw failure(path, e);
        }
    }

    /**
     * Reads the identity of the file, following links. Directories, pipes, devices and sockets are rejected without
     * being opened.
     *
     * @throws SagaException FILE_NOT_FOUND if the file does not exist, FILE_NOT_READABLE if it is not a readable
     *     regular file
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
     * The identity of the file at this path, without following links, readable or not; empty if it is not a regular
     * file.
     *
     * @throws SagaException FILE_NOT_FOUND if the file does not exist, FILE_NOT_READABLE if it cannot be accessed
     */
    public static Optional<SourceIdentity> regularFile(Path path) {
        BasicFileAttributes found = identityOf(path);
        return found.isRegularFile() ? Optional.of(identity(path, found)) : Optional.empty();
    }

    /**
     * Checks that the path still leads to the expected file. An open handle would not show that the file was deleted.
     *
     * @throws SagaException FILE_NOT_FOUND if it is gone, HASH_MISMATCH if inode, size or modification time differ
     */
    public static void check(Path path, SourceIdentity expected) {
        identityOf(path, expected);
    }

    /**
     * As {@link #check}, and reads the file again if its attributes have changed: this may have been a {@code chmod},
     * or a write after which the modification time was set back.
     *
     * @param sha256 of the whole file
     * @throws SagaException as {@link #check}, and HASH_MISMATCH if the bytes differ
     */
    public static void checkContent(Path path, SourceIdentity expected, String sha256, Runnable cancelCheck) {
        if (identityOf(path, expected).changedNanos() != expected.changedNanos()
                && !sha256(path, 0, expected.sizeBytes(), cancelCheck).equals(sha256)) {
            throw modified(path);
        }
    }

    /**
     * Reads a part of the file again.
     *
     * @param sha256 the expected hash of that part
     * @throws SagaException HASH_MISMATCH if the hash differs, FILE_NOT_FOUND or FILE_NOT_READABLE; or what
     *     {@code cancelCheck} throws
     */
    public static void checkPart(Path path, long offset, long sizeBytes, String sha256, Runnable cancelCheck) {
        if (!sha256(path, offset, sizeBytes, cancelCheck).equals(sha256)) {
            throw modified(path);
        }
    }

    private static String sha256(Path path, long offset, long sizeBytes, Runnable cancelCheck) {
        MessageDigest digest = Sha256.digest();
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(BUFFER_BYTES, Math.max(1, sizeBytes)));
        long end = offset + sizeBytes;
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
            long position = offset;
            for (long block = 0; position < end; block++) {
                if (block % BLOCKS_BETWEEN_CHECKS == 0) {
                    cancelCheck.run();
                }
                int n = file.read(buffer.clear().limit((int) Math.min(buffer.capacity(), end - position)), position);
                if (n < 0) {
                    throw modified(path);
                }
                digest.update(buffer.array(), 0, n);
                position += n;
            }
        } catch (IOException e) {
            throw failure(path, e);
        }
        return Sha256.hex(digest);
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
     * Hashes the whole file and each chunk in one pass on two threads; uses about 1 MiB of memory for a file of any
     * size.
     *
     * @param bytesDone called from time to time with the number of bytes hashed
     * @param cancelCheck called from time to time; an exception from it ends the pass and is rethrown
     * @throws SagaException HASH_MISMATCH or FILE_NOT_FOUND if the file is not the one of {@code identity} before,
     *     during or after the pass, FILE_NOT_READABLE if reading fails
     */
    public static Digests digest(
            Path path, SourceIdentity identity, long chunkSize, LongConsumer bytesDone, Runnable cancelCheck) {
        check(path, identity);
        Digests digests;
        try {
            digests = new DigestPass(path, identity.sizeBytes(), chunkSize, bytesDone, cancelCheck).run();
        } catch (IOException e) {
            throw failure(path, e);
        }
        check(path, identity);
        if (digests.sizeBytes() != identity.sizeBytes()) {
            throw modified(path);
        }
        return digests;
    }

    /** The exception for a file that was changed. */
    public static SagaException modified(Path path) {
        return new SagaException(Reason.HASH_MISMATCH, path + ": " + MODIFIED);
    }

    private static BasicFileAttributes identityOf(Path real) {
        try {
            return Files.readAttributes(real, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw failure(real, e);
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
            throw failure(real, e);
        }
    }

    static SagaException failure(Path path, IOException e) {
        if (e instanceof NoSuchFileException) {
            return new SagaException(Reason.FILE_NOT_FOUND, path + " is not there (any more)", e);
        }
        String problem = e instanceof AccessDeniedException
                ? "may not be read by this user"
                : "cannot be read: " + e.getMessage();
        return new SagaException(Reason.FILE_NOT_READABLE, path + " " + problem, e);
    }
}
