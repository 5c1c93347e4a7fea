package dev.streamingsaga.digest;

import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Hashes bytes as a whole and chunk by chunk while they arrive. The first chunk is hashed once, since the hash of the
 * whole begins with it; behind it, a second thread hashes the chunks. Used by one thread.
 */
public final class ChunkedDigest implements AutoCloseable {
    private final long chunkSize;
    private final MessageDigest whole = Sha256.digest();
    private final MessageDigest chunk = Sha256.digest();
    private final List<String> chunks = new ArrayList<>();
    private long sizeBytes;
    private long inChunk;
    private @Nullable ExecutorService hasher;

    public ChunkedDigest(long chunkSize) {
        this.chunkSize = chunkSize;
    }

    /** The array may be changed after this returns. */
    public void update(byte[] bytes, int offset, int length) {
        int first = (int) Math.min(length, Math.max(0, chunkSize - sizeBytes));
        if (first > 0) {
            whole.update(bytes, offset, first);
            sizeBytes += first;
            if (sizeBytes == chunkSize) {
                chunks.add(Sha256.hexSoFar(whole));
            }
        }
        if (length > first) {
            int from = offset + first;
            int more = length - first;
            Future<?> chunked = hasher().submit(() -> updateChunks(bytes, from, more));
            whole.update(bytes, from, more);
            sizeBytes += more;
            await(chunked);
        }
    }

    private ExecutorService hasher() {
        if (hasher == null) {
            hasher = Executors.newSingleThreadExecutor(work -> {
                Thread thread = new Thread(work, "chunk-digest");
                thread.setDaemon(true);
                return thread;
            });
        }
        return hasher;
    }

    private void updateChunks(byte[] bytes, int offset, int length) {
        int done = 0;
        while (done < length) {
            int n = (int) Math.min(chunkSize - inChunk, length - done);
            chunk.update(bytes, offset + done, n);
            done += n;
            inChunk += n;
            if (inChunk == chunkSize) {
                chunks.add(Sha256.hex(chunk));
                inChunk = 0;
            }
        }
    }

    /** Waits whatever happens: the caller reuses the array. It takes as long as a block of a body takes to hash. */
    private static void await(Future<?> chunked) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    chunked.get();
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw new IllegalStateException("a chunk was not hashed", e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    public long sizeBytes() {
        return sizeBytes;
    }

    /** The digests of all bytes. Nothing may be added afterwards. */
    public Digests end() {
        String sha256 = Sha256.hex(whole);
        if (inChunk > 0) {
            chunks.add(Sha256.hex(chunk));
        } else if (chunks.isEmpty() && sizeBytes > 0) {
            chunks.add(sha256);
        }
        return new Digests(sha256, sizeBytes, chunks);
    }

    @Override
    public void close() {
        if (hasher != null) {
            hasher.shutdown();
        }
    }
}
