package dev.streamingsaga.chunk;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Part of a file as a message body. Each conversion to {@link InputStream} opens a new stream from the start of the
 * region, so a body can be sent again. It is not a stream itself, so Camel's stream caching does not spool it.
 */
record FileRegion(Path path, long offset, long length) {
    private static final int SAMPLE_BYTES = 32 * 1024;

    InputStream open() throws IOException {
        return new RegionStream(FileChannel.open(path, StandardOpenOption.READ), offset, length, true);
    }

    /** Bytes from its start, middle and end; all of it if it is small. */
    byte[] sample() throws IOException {
        if (length <= 3 * SAMPLE_BYTES) {
            try (InputStream all = open()) {
                return all.readAllBytes();
            }
        }
        ByteBuffer sample = ByteBuffer.allocate(3 * SAMPLE_BYTES);
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
            for (long at : new long[] {0, (length - SAMPLE_BYTES) / 2, length - SAMPLE_BYTES}) {
                sample.limit(sample.position() + SAMPLE_BYTES);
                for (long from = offset + at; sample.hasRemaining(); ) {
                    int n = file.read(sample, from);
                    if (n <= 0) {
                        throw new EOFException("the file ends at " + from + ", before the end of its chunk");
                    }
                    from += n;
                }
            }
        }
        return sample.array();
    }
}
