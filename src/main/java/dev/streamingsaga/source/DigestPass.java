package dev.streamingsaga.source;

import dev.streamingsaga.digest.Digests;
import dev.streamingsaga.digest.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.LongConsumer;

/**
 * Hashes a file in one pass. The caller's thread reads it and hashes the whole; a second thread hashes the chunks from
 * the same buffers. So the file is read once, even if it does not fit into the page cache.
 */
final class DigestPass {
    private static final int BUFFER_BYTES = 256 * 1024;
    private static final int BUFFERS = 4;
    private static final FilledBuffer END = new FilledBuffer(new byte[0], 0);

    private final Path path;
    private final long sizeBytes;
    private final ChunkHashes chunks;
    private final LongConsumer bytesDone;
    private final Runnable cancelCheck;
    private final BlockingQueue<byte[]> free = new ArrayBlockingQueue<>(BUFFERS);
    private final BlockingQueue<FilledBuffer> full = new ArrayBlockingQueue<>(BUFFERS + 1);

    DigestPass(Path path, long sizeBytes, long chunkSize, LongConsumer bytesDone, Runnable cancelCheck) {
        this.path = path;
        this.sizeBytes = sizeBytes;
        this.chunks = new ChunkHashes(chunkSize);
        this.bytesDone = bytesDone;
        this.cancelCheck = cancelCheck;
    }

    private record FilledBuffer(byte[] bytes, int length) {}

    Digests run() throws IOException {
        for (int i = 0; i < BUFFERS; i++) {
            free.add(new byte[BUFFER_BYTES]);
        }
        Thread hasher = new Thread(this::hashChunks, "chunk-digest");
        hasher.setDaemon(true);
        hasher.start();
        try {
            MessageDigest whole = Sha256.digest();
            long read = 0;
            try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
                read = readAll(file, whole);
            } finally {
                full.put(END); // never blocks: there is room for every buffer and the end marker
                hasher.join();
            }
            return new Digests(Sha256.hex(whole), read, chunks.end());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while hashing", e);
        }
    }

    /** Stops when more than the expected size is read: detects a file that has grown, without reading for ever. */
    private long readAll(FileChannel file, MessageDigest whole) throws IOException, InterruptedException {
        long read = 0;
        for (long block = 0; read <= sizeBytes; block++) {
            if (block % 16 == 0) {
                cancelCheck.run();
                bytesDone.accept(read);
            }
            byte[] buffer = free.take();
            int n = file.read(ByteBuffer.wrap(buffer));
            if (n < 0) {
                break;
            }
            full.put(new FilledBuffer(buffer, n));
            // The other thread may return the buffer meanwhile, but only this thread takes it again.
            whole.update(buffer, 0, n);
            read += n;
        }
        bytesDone.accept(read);
        return read;
    }

    @SuppressWarnings("ReferenceEquality") // END is a marker, compared by identity
    private void hashChunks() {
        try {
            for (FilledBuffer block = full.take(); block != END; block = full.take()) {
                chunks.update(block.bytes(), block.length());
                free.put(block.bytes());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // only a process that ends interrupts this thread
        }
    }

    /** Used by one thread, read by the other after {@code join}. */
    private static final class ChunkHashes {
        private final long chunkSize;
        private final MessageDigest digest = Sha256.digest();
        private final List<String> done = new ArrayList<>();
        private long inChunk;

        ChunkHashes(long chunkSize) {
            this.chunkSize = chunkSize;
        }

        void update(byte[] bytes, int length) {
            int at = 0;
            while (at < length) {
                int n = (int) Math.min(chunkSize - inChunk, length - at);
                digest.update(bytes, at, n);
                at += n;
                inChunk += n;
                if (inChunk == chunkSize) {
                    done.add(Sha256.hex(digest));
                    inChunk = 0;
                }
            }
        }

        List<String> end() {
            if (inChunk > 0) {
                done.add(Sha256.hex(digest));
            }
            return done;
        }
    }
}
