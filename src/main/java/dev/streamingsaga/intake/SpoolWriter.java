package dev.streamingsaga.intake;

import dev.streamingsaga.digest.ChunkedDigest;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/** Writes a body to the spool file as it arrives. Remembers its failure, since the source may wrap or hide it. */
final class SpoolWriter extends OutputStream {
    private final FileChannel file;
    private final ChunkedDigest digest;
    private final SizeCheck beforeWrite;
    private @Nullable IOException ioFailure;
    private @Nullable RuntimeException rejection;

    /** Checks whether further bytes are allowed. */
    interface SizeCheck {
        void requireAllowed(long sizeBytes, int more) throws IOException;
    }

    SpoolWriter(FileChannel file, ChunkedDigest digest, SizeCheck beforeWrite) {
        this.file = file;
        this.digest = digest;
        this.beforeWrite = beforeWrite;
    }

    @Override
    public void write(int single) throws IOException {
        write(new byte[] {(byte) single}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            beforeWrite.requireAllowed(digest.sizeBytes(), length);
            ByteBuffer remaining = ByteBuffer.wrap(bytes, offset, length);
            while (remaining.hasRemaining()) {
                file.write(remaining);
            }
        } catch (IOException e) {
            ioFailure = e;
            throw e;
        } catch (RuntimeException e) {
            rejection = e;
            throw e;
        }
        digest.update(bytes, offset, length);
    }

    /** Throws the exception of a failed {@link #write} again, if there was one. */
    void requireNoFailure() throws IOException {
        if (ioFailure != null) {
            throw ioFailure;
        }
        if (rejection != null) {
            throw rejection;
        }
    }
}
