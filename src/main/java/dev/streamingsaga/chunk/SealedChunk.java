package dev.streamingsaga.chunk;

import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.journal.Ids;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * The stored form of one object, kept for all its attempts in a private file, so that each sends the same bytes. It has
 * no name while it is open, so nothing of it remains even if the process is killed.
 */
final class SealedChunk implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final FileChannel file;

    private SealedChunk(FileChannel file) {
        this.file = file;
    }

    /** The file cannot be written: the disk is full, or the folder cannot be used. */
    static final class UnwritableException extends IOException {
        private static final long serialVersionUID = 1;

        private UnwritableException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /**
     * @param folder created if necessary
     * @throws UnwritableException if the file cannot be created
     */
    static SealedChunk create(Path folder) throws IOException {
        try {
            return new SealedChunk(FileChannel.open(
                    Permissions.folder(folder).resolve("sealed-" + Ids.next()),
                    Set.of(
                            StandardOpenOption.CREATE_NEW,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.DELETE_ON_CLOSE),
                    Permissions.ofFile()));
        } catch (FileSystemException e) {
            throw new UnwritableException(e);
        }
    }

    /** Appends; closing the stream does not close the file. Throws {@link UnwritableException}. */
    OutputStream out() {
        OutputStream out = new OutputStream() {
            @Override
            public void write(int single) throws IOException {
                write(new byte[] {(byte) single}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                ByteBuffer source = ByteBuffer.wrap(bytes, from, length);
                try {
                    while (source.hasRemaining()) {
                        file.write(source);
                    }
                } catch (ClosedChannelException e) {
                    throw e; // interrupted, because the process stops
                } catch (IOException e) {
                    throw new UnwritableException(e);
                }
            }
        };
        return new BufferedOutputStream(out, BUFFER_BYTES);
    }

    /** Each call returns a new stream from the start. */
    InputStream open() throws IOException {
        return new RegionStream(file, 0, file.size(), false);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
