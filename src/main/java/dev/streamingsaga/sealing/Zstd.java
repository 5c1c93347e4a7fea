package dev.streamingsaga.sealing;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Zstandard: one frame with a checksum, which {@code zstd -d} reads as well. */
final class Zstd {
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

    /** @throws SagaException STORE_FAILED if the library is missing, which writing does not need any more */
    static InputStream decompressing(InputStream from) throws IOException {
        try {
            return new ZstdInputStreamNoFinalizer(from).setLongMax(MAX_WINDOW_LOG2);
        } catch (NoClassDefFoundError e) {
            throw new SagaException(
                    Reason.STORE_FAILED,
                    "chunks are compressed, and a library to read them is missing: add com.github.luben:zstd-jni",
                    e);
        }
    }
}
