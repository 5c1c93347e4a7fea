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

/** Writes a secret: complete or not at all, synced, and readable by its owner only from its first byte on. */
public final class SecretFile {
    private SecretFile() {}

    /** Replaces the file in one step, and creates its folder with mode 700 if it is missing. */
    public static void write(Path file, byte[] secret) throws IOException {
        Permissions.folder(Objects.requireNonNull(file.toAbsolutePath().getParent()));
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(draft);
        try (FileChannel out = FileChannel.open(
                draft, EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), Permissions.ofFile())) {
            out.write(ByteBuffer.wrap(secret));
            out.force(true);
        }
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
