package dev.streamingsaga.intake;

import java.io.InputStream;

/** A body that is read from a stream. */
public final class StreamCopy {
    private static final int BUFFER_BYTES = 256 * 1024;

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

    /** Copies the stream in blocks of 256 KiB. */
    public static UploadSpool.Body of(InputStream body) {
        return out -> {
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int n = body.readNBytes(buffer, 0, BUFFER_BYTES);
                    n > 0;
                    n = body.readNBytes(buffer, 0, BUFFER_BYTES)) {
                out.write(buffer, 0, n);
            }
        };
    }
}
