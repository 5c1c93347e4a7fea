package dev.streamingsaga.sealing;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Zstandard: one frame with a checksum, which {@code zstd -d} reads as well. */
final class Zstd {
    static final String LIBRARY = "com.github.luben.zstd.Zstd";

    /** 64 MiB: no level that can be set needs a larger window, and a hostile frame gets no more memory. */
    private static final int MAX_WINDOW_LOG2 = 26;

    private static final int SAMPLE_LEVEL = 1;
    private static final double WORTHWHILE = 0.92;

    private Zstd() {}

    /** Whether these bytes shrink by so much that compression is worthwhile. */
    static boolean shrinks(byte[] sample) {
        return com.github.luben.zstd.Zstd.compress(sample, SAMPLE_LEVEL).length < WORTHWHILE * sample.length;
    }

    static OutputStream compressing(OutputStream to, int level) throws IOException {
        return new ZstdOutputStreamNoFinalizer(to, level).setChecksum(true);
    }

    static InputStream decompressing(InputStream from) throws IOException {
        return new ZstdInputStreamNoFinalizer(from).setLongMax(MAX_WINDOW_LOG2);
    }
}
