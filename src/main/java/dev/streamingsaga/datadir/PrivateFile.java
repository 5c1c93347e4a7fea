package dev.streamingsaga.datadir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.Objects;

/** Writes a small file, such as a secret, so that only its owner can read it from the first byte on. */
public final class PrivateFile {
    private PrivateFile() {}

    /**
     * Creates the file and syncs it; mode 600.
     *
     * @throws java.nio.file.FileAlreadyExistsException if it exists; it is not changed
     */
    public static void create(Path file, byte[] content) throws IOException {
        try (FileChannel out = FileChannel.open(
                file, EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), Permissions.ofFile())) {
            out.write(ByteBuffer.wrap(content));
            out.force(true);
        }
    }

    /** Replaces the file atomically and syncs it; mode 600. Creates a missing folder with mode 700. */
    public static void write(Path file, byte[] content) throws IOException {
        Permissions.folder(Objects.requireNonNull(file.toAbsolutePath().getParent()));
        Path partial = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(partial);
        try (FileChannel out = FileChannel.open(
                partial, EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), Permissions.ofFile())) {
            out.write(ByteBuffer.wrap(content));
            out.force(true);
        }
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
