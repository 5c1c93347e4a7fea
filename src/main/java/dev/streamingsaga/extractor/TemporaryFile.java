package dev.streamingsaga.extractor;

import dev.streamingsaga.datadir.Permissions;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** A temporary copy of a part of a document, which only its owner may read; deleted when closed. */
public final class TemporaryFile implements AutoCloseable {
    private final Path path;

    private TemporaryFile(Path path) {
        this.path = path;
    }

    public static TemporaryFile create(Path directory) throws IOException {
        return new TemporaryFile(
                Files.createFile(directory.resolve("part-" + UUID.randomUUID()), Permissions.ofFile()));
    }

    /**
     * Copies a stream to its end.
     *
     * @return the number of bytes read; more than {@code maxBytes} if the stream is longer, and the copy is cut
     */
    public long copy(InputStream bytes, long maxBytes) throws IOException {
        long copied = 0;
        try (OutputStream out = Files.newOutputStream(path)) {
            byte[] buffer = new byte[64 * 1024];
            for (int n = bytes.read(buffer); n >= 0 && copied <= maxBytes; n = bytes.read(buffer)) {
                out.write(buffer, 0, (int) Math.min(n, maxBytes - copied));
                copied += n;
            }
        }
        return copied;
    }

    public SeekableByteChannel open() throws IOException {
        return Files.newByteChannel(path, StandardOpenOption.READ);
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(path);
    }
}
