package dev.streamingsaga.chunk;

import dev.streamingsaga.config.DocumentConfig;
import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * Memory for the stored forms of chunks that are being sent, in blocks of equal size that are used again. Never more
 * than its limit; unused blocks are given up if memory is short. Thread-safe.
 */
final class StoredFormMemory {
    static final int BLOCK_BYTES = 64 * 1024;
    private static final int PART_OF_HEAP = 4;

    private final long limit;
    private final Deque<SoftReference<byte[]>> unused = new ArrayDeque<>();
    private long used;

    /** @param maxBytes 0: none */
    StoredFormMemory(long maxBytes) {
        this.limit = maxBytes / BLOCK_BYTES;
    }

    /** As configured; a quarter of the heap at most. */
    static StoredFormMemory of(DocumentConfig.StoredAs settings) {
        return new StoredFormMemory(
                Math.min(settings.memoryBytes(), Runtime.getRuntime().maxMemory() / PART_OF_HEAP));
    }

    /** A block with undefined content; empty at the limit. */
    synchronized Optional<byte[]> take() {
        if (used == limit) {
            return Optional.empty();
        }
        byte[] block = null;
        while (block == null && !unused.isEmpty()) {
            block = unused.pop().get();
        }
        byte[] taken = block == null ? new byte[BLOCK_BYTES] : block;
        used++;
        return Optional.of(taken);
    }

    /** Nobody reads or writes the block any more. */
    synchronized void release(byte[] block) {
        used--;
        unused.push(new SoftReference<>(block));
    }

    synchronized long usedBytes() {
        return used * BLOCK_BYTES;
    }
}
