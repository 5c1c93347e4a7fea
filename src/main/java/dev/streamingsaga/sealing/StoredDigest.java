package dev.streamingsaga.sealing;

import dev.streamingsaga.digest.Sha256;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;

/** Hashes and counts the bytes of an object on their way. */
final class StoredDigest extends FilterOutputStream {
    private final MessageDigest digest = Sha256.digest();
    private long size;

    StoredDigest(OutputStream out) {
        super(out);
    }

    @Override
    public void write(int single) throws IOException {
        write(new byte[] {(byte) single}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        out.write(bytes, from, length);
        digest.update(bytes, from, length);
        size += length;
    }

    long size() {
        return size;
    }

    String sha256() {
        return Sha256.hex(digest);
    }
}
