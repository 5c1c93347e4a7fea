package dev.streamingsaga.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.LongConsumer;

/**
 * The caller's thread reads and takes the hash of the whole; a second one takes the hashes of the chunks from the same
 * buffers. One read for both also holds where the file does not fit into the page cache.
 */
final class DigestPass {
    private static final int BUFFER_BYTES = 256 * 1024;
    private static final int BUFFERS = 4;
    private static final Block END = new Block(new byte[0], 0);

    private final Path path;
    private final long sizeBytes;
    private final ChunkHashes chunks;
    private final LongConsumer bytesDone;
    private final Runnable wanted;
    private final BlockingQueue<byte[]> free = new ArrayBlockingQueue<>(BUFFERS);
    private final BlockingQueue<Block> full = new ArrayBlockingQueue<>(BUFFERS + 1);

    DigestPass(Path path, long sizeBytes, long chunkSize, LongConsumer bytesDone, Runnable wanted) {
        this.path = path;
        this.sizeBytes = sizeBytes;
        this.chunks = new ChunkHashes(chunkSize);
        this.bytesDone = bytesDone;
        this.wanted = wanted;
    }

    private record Block(byte[] bytes, int length) {}

    Digests run() throws IOException {
        for (int i = 0; i < BUFFERS; i++) {
            free.add(new byte[BUFFER_BYTES]);
        }
        Thread hasher = new Thread(this::hashChunks, "chunk-digest");
        hasher.setDaemon(true);
        hasher.start();
        try {
            MessageDigest whole = sha256();
            long read = 0;
            try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
                read = readAll(file, whole);
            } finally {
                full.put(END); // never blocks: there is room for every buffer and the end
                hasher.join();
            }
            return new Digests(hex(whole), read, chunks.end());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while hashing", e);
        }
    }

    /** Reads one byte more than expected at most, so that a file that grew is noticed without reading on for ever. */
    private long readAll(FileChannel file, MessageDigest whole) throws IOException, InterruptedException {
        long read = 0;
        for (long block = 0; read <= sizeBytes; block++) {
            if (block % 16 == 0) {
                wanted.run();
                bytesDone.accept(read);
            }
            byte[] buffer = free.take();
            int n = file.read(ByteBuffer.wrap(buffer));
            if (n < 0) {
                break;
            }
            full.put(new Block(buffer, n));
            // The other thread may give the buffer back meanwhile; only this one takes it out again.
            whole.update(buffer, 0, n);
            read += n;
        }
        bytesDone.accept(read);
        return read;
    }

    @SuppressWarnings("ReferenceEquality") // the end is a mark, and not a block that equals it
    private void hashChunks() {
        try {
            for (Block block = full.take(); block != END; block = full.take()) {
                chunks.update(block.bytes(), block.length());
                free.put(block.bytes());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody but a dying process interrupts this thread
        }
    }

    /** Used by one thread, read by the other after {@code join}. */
    private static final class ChunkHashes {
        private final long chunkSize;
        private final MessageDigest digest = sha256();
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
                    done.add(hex(digest));
                    inChunk = 0;
                }
            }
        }

        List<String> end() {
            if (inChunk > 0) {
                done.add(hex(digest));
            }
            return done;
        }
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }
}
