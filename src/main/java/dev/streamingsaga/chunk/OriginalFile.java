package dev.streamingsaga.chunk;

import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * The original of a document as a cache of its chunks: copies a chunk only if the file still has its bytes. Not used
 * again after the first chunk that differs.
 */
final class OriginalFile implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final Path path;
    private final long sizeBytes;
    private @Nullable FileChannel file;
    private boolean unusable;

    OriginalFile(Document document) {
        this.path = document.path();
        this.sizeBytes = document.sizeBytes();
        this.unusable = path.toString().isEmpty();
    }

    /**
     * @return whether the bytes of the chunk were written to {@code out}; if not, discard what was written
     * @throws IOException if {@code out} fails
     */
    boolean copy(ChunkRow row, OutputStream out) throws IOException {
        FileChannel open = unusable ? null : file();
        if (open == null) {
            return false;
        }
        MessageDigest digest = Sha256.digest();
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(BUFFER_BYTES, row.sizeBytes()));
        long end = row.offset() + row.sizeBytes();
        for (long at = row.offset(); at < end; ) {
            int n = read(open, buffer.clear().limit((int) Math.min(buffer.capacity(), end - at)), at);
            if (n <= 0) {
                break;
            }
            digest.update(buffer.array(), 0, n);
            out.write(buffer.array(), 0, n);
            at += n;
        }
        unusable = !Sha256.hex(digest).equals(row.sha256());
        return !unusable;
    }

    private static int read(FileChannel open, ByteBuffer buffer, long at) {
        try {
            return open.read(buffer, at);
        } catch (IOException e) {
            return -1; // unreadable: the bucket has the bytes
        }
    }

    private @Nullable FileChannel file() {
        FileChannel open = file;
        if (open == null) {
            try {
                if (SourceFile.identity(path).sizeBytes() == sizeBytes) {
                    open = FileChannel.open(path, StandardOpenOption.READ);
                    file = open;
                }
            } catch (SagaException | IOException e) {
                // Gone, or replaced by something else: the bucket has the bytes.
            }
            unusable = open == null;
        }
        return open;
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
