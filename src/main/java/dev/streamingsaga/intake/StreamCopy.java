package dev.streamingsaga.intake;

import java.io.InputStream;

/** A body that is read from a stream. */
public final class StreamCopy {
    private static final int BUFFER_BYTES = 256 * 1024;

    /** Many bodies are not longer. */
    private static final int FIRST_BYTES = 8 * 1024;

    private StreamCopy() {}

    /** Passes on each piece as it arrives, so that nothing is lost if the stream breaks off. */
    public static UploadSpool.Body unbuffered(InputStream body) {
        return out -> {
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
                out.write(buffer, 0, n);
            }
        };
    }

    /** Copies the stream in blocks that end at multiples of 256 KiB; a block of 8 KiB comes first. */
    public static UploadSpool.Body of(InputStream body) {
        return out -> {
            byte[] first = new byte[FIRST_BYTES];
            int n = body.readNBytes(first, 0, FIRST_BYTES);
            out.write(first, 0, n);
            if (n == FIRST_BYTES) {
                byte[] buffer = new byte[BUFFER_BYTES];
                n = body.readNBytes(buffer, 0, BUFFER_BYTES - FIRST_BYTES);
                while (n > 0) {
                    out.write(buffer, 0, n);
                    n = body.readNBytes(buffer, 0, BUFFER_BYTES);
                }
            }
        };
    }
}
