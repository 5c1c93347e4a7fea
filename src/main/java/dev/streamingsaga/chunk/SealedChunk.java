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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The stored form of one object, kept for all its attempts, so that each sends the same bytes. What does not fit into
 * memory is in a private file. The file has no name while it is open, so nothing of it remains even if the process is
 * killed. Used by one thread.
 */
final class SealedChunk implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final StoredFormMemory memory;
    private final Path folder;
    private final List<byte[]> blocks = new ArrayList<>();
    private long sizeInMemory;
    private @Nullable FileChannel rest;

    /** @param folder for the file; created if necessary */
    SealedChunk(StoredFormMemory memory, Path folder) {
        this.memory = memory;
        this.folder = folder;
    }

    /** The file cannot be written: the disk is full, or the folder cannot be used. */
    static final class UnwritableException extends IOException {
        private static final long serialVersionUID = 1;

        private UnwritableException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /** To be written once, and closed. Throws {@link UnwritableException}. */
    OutputStream out() {
        return new Appender();
    }

    /** Each call returns a new stream from the start, which ends with this object. */
    InputStream open() {
        return new BlockStream(List.copyOf(blocks), sizeInMemory, Optional.ofNullable(rest));
    }

    @Override
    public void close() throws IOException {
        blocks.forEach(memory::release);
        blocks.clear();
        sizeInMemory = 0;
        if (rest != null) {
            rest.close();
        }
    }

    private final class Appender extends OutputStream {
        private @Nullable OutputStream file;

        @Override
        public void write(int single) throws IOException {
            write(new byte[] {(byte) single}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            int written = file == null ? writeToMemory(bytes, from, length) : 0;
            if (written < length) {
                file().write(bytes, from + written, length - written);
            }
        }

        private int writeToMemory(byte[] bytes, int from, int length) {
            int written = 0;
            while (written < length) {
                int at = (int) (sizeInMemory % StoredFormMemory.BLOCK_BYTES);
                if (at == 0 && !addBlock()) {
                    break;
                }
                int n = Math.min(length - written, StoredFormMemory.BLOCK_BYTES - at);
                System.arraycopy(bytes, from + written, blocks.get(blocks.size() - 1), at, n);
                written += n;
                sizeInMemory += n;
            }
            return written;
        }

        private boolean addBlock() {
            Optional<byte[]> block = memory.take();
            block.ifPresent(blocks::add);
            return block.isPresent();
        }

        private OutputStream file() throws IOException {
            OutputStream open = file;
            if (open == null) {
                FileChannel channel = create();
                rest = channel;
                open = new BufferedOutputStream(new FileAppender(channel), BUFFER_BYTES);
                file = open;
            }
            return open;
        }

        @Override
        public void close() throws IOException {
            if (file != null) {
                file.flush();
            }
        }
    }

    private FileChannel create() throws IOException {
        try {
            return FileChannel.open(
                    Permissions.folder(folder).resolve("sealed-" + Ids.next()),
                    Set.of(
                            StandardOpenOption.CREATE_NEW,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.DELETE_ON_CLOSE),
                    Permissions.ofFile());
        } catch (FileSystemException e) {
            throw new UnwritableException(e);
        }
    }

    private static final class FileAppender extends OutputStream {
        private final FileChannel file;

        FileAppender(FileChannel file) {
            this.file = file;
        }

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
    }
}
