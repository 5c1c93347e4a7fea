package dev.streamingsaga.upload;

import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.digest.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A chunk on the local disk, from its first byte until the bucket has it. A crash may lose it. */
final class PartFile {
    private static final Logger LOG = LoggerFactory.getLogger(PartFile.class);

    private final Path path;
    private final FileChannel file;
    private final MessageDigest digest = Sha256.digest();
    private long size;

    private PartFile(Path path, FileChannel file) {
        this.path = path;
        this.file = file;
    }

    static PartFile create(Path path) throws IOException {
        return new PartFile(
                path,
                FileChannel.open(
                        path, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), Permissions.ofFile()));
    }

    void write(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer remaining = ByteBuffer.wrap(bytes, offset, length);
        while (remaining.hasRemaining()) {
            file.write(remaining);
        }
        digest.update(bytes, offset, length);
        size += length;
    }

    Path path() {
        return path;
    }

    long size() {
        return size;
    }

    /** Hash of what was written, lower-case hex; nothing can be written afterwards. */
    String close() throws IOException {
        file.close();
        return Sha256.hex(digest);
    }

    void delete() {
        try {
            file.close();
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOG.warn("cannot delete {} ({}); the next start does it", path, e.toString());
        }
    }
}
