package dev.streamingsaga.intake;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/** Writes a body while it arrives. Remembers why it could not: who pushes the body may tell it in words of its own. */
final class SpoolWriter extends OutputStream {
    private final FileChannel file;
    private final MessageDigest digest;
    private final Check beforeEach;
    private long size;
    private @Nullable IOException io;
    private @Nullable RuntimeException refused;

    /** Whether so many bytes more may come. */
    interface Check {
        void allow(long sizeBytes, int more) throws IOException;
    }

    SpoolWriter(FileChannel file, MessageDigest digest, Check beforeEach) {
        this.file = file;
        this.digest = digest;
        this.beforeEach = beforeEach;
    }

    @Override
    public void write(int single) throws IOException {
        write(new byte[] {(byte) single}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            beforeEach.allow(size, length);
            ByteBuffer rest = ByteBuffer.wrap(bytes, offset, length);
            while (rest.hasRemaining()) {
                file.write(rest);
            }
        } catch (IOException e) {
            io = e;
            throw e;
        } catch (RuntimeException e) {
            refused = e;
            throw e;
        }
        digest.update(bytes, offset, length);
        size += length;
    }

    /** Throws what a {@link #write} threw, if one did. */
    void requireNoFailure() throws IOException {
        if (io != null) {
            throw io;
        }
        if (refused != null) {
            throw refused;
        }
    }

    long size() {
        return size;
    }
}
