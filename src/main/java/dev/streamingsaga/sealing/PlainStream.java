package dev.streamingsaga.sealing;

import java.io.IOException;
import java.io.InputStream;

/** The plain bytes of an object: never more than it has, however far its frame would expand. */
final class PlainStream extends InputStream {
    private final WatchedStream stored;
    private final InputStream plain;
    private final long plainBytes;
    private long read;

    /** @param plain decoded from {@code stored}; closed with this stream */
    PlainStream(WatchedStream stored, InputStream plain, long plainBytes) {
        this.stored = stored;
        this.plain = plain;
        this.plainBytes = plainBytes;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
        int n = readDecoded(target, from, length);
        read += Math.max(0, n);
        if (read > plainBytes) {
            throw new DamagedObjectException("expands to more than its " + plainBytes + " bytes");
        }
        return n;
    }

    private int readDecoded(byte[] target, int from, int length) throws IOException {
        try {
            return plain.read(target, from, length);
        } catch (IOException e) {
            stored.requireIntact();
            throw new DamagedObjectException(
                    "was changed or cut: after " + read + " of " + plainBytes + " bytes it cannot be authenticated or"
                            + " decompressed",
                    e);
        }
    }

    @Override
    public void close() throws IOException {
        plain.close();
    }
}
