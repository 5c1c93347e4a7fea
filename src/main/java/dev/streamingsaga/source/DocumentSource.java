package dev.streamingsaga.source;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Where the bytes of a document come from: its file until the chunks are verified, the verified chunks from then on.
 * Two readings return the same bytes only if the source is verified.
 */
public interface DocumentSource {
    /** The name of the file, without a path. The sender chose it: for messages and the type only. */
    String fileName();

    /**
     * Opens the bytes for one reading by one thread, with random access. The channel is read-only; its reads may also
     * throw {@link dev.streamingsaga.journal.SagaException}.
     *
     * @throws IOException if the source does not exist or cannot be opened
     */
    SeekableByteChannel open() throws IOException;

    /** A file on the local disk. Nothing shows if it changes while it is read. */
    static DocumentSource of(Path file) {
        return new DocumentSource() {
            @Override
            public String fileName() {
                return String.valueOf(file.getFileName());
            }

            @Override
            public SeekableByteChannel open() throws IOException {
                return FileChannel.open(file, StandardOpenOption.READ);
            }
        };
    }
}
