package dev.streamingsaga.sealing;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Remembers its failure, to tell a broken connection from damaged bytes. */
final class WatchedStream extends FilterInputStream {
    private @Nullable IOException failure;

    WatchedStream(InputStream in) {
        super(in);
    }

    @Override
    public int read() throws IOException {
        try {
            return in.read();
        } catch (IOException e) {
            failure = e;
            throw e;
        }
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
        try {
            return in.read(target, from, length);
        } catch (IOException e) {
            failure = e;
            throw e;
        }
    }

    /** @throws IOException the failure of an earlier read */
    void requireIntact() throws IOException {
        if (failure != null) {
            throw failure;
        }
    }
}
