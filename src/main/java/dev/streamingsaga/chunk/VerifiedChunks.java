package dev.streamingsaga.chunk;

import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.sealing.DocumentSealing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import software.amazon.awssdk.core.exception.SdkClientException;

/**
 * The chunks of a document that are being read. Each is copied into a slot when it is first needed, from the original
 * if that still has its bytes, else from the bucket; it is read only after its SHA-256 was compared. Not thread-safe.
 */
final class VerifiedChunks implements AutoCloseable {
    private final Bucket bucket;
    private final DocumentSealing objects;
    private final OriginalFile original;
    private final ChunkSlots slots;
    private final Runnable check;

    /**
     * @param slots closed with this object, as is the original
     * @param check called before each chunk; what it throws ends the reading
     */
    VerifiedChunks(Bucket bucket, DocumentSealing objects, OriginalFile original, ChunkSlots slots, Runnable check) {
        this.bucket = bucket;
        this.objects = objects;
        this.original = original;
        this.slots = slots;
        this.check = check;
    }

    /**
     * Reads bytes of one chunk, not beyond its end.
     *
     * @param from offset in the chunk
     * @return the number of bytes read
     * @throws SagaException see {@link VerifiedSources#of}
     */
    int read(ChunkRow row, long from, ByteBuffer target) {
        int limit = target.limit();
        try {
            if (!slots.has(row.index())) {
                load(row);
            }
            target.limit((int) Math.min(limit, target.position() + row.sizeBytes() - from));
            return slots.read(row.index(), from, target);
        } catch (IOException e) {
            throw new SagaException(
                    Reason.STORE_FAILED,
                    "cannot keep " + row.key() + " in " + slots + " while it is read: " + e.getMessage(),
                    e);
        } finally {
            target.limit(limit);
        }
    }

    private void load(ChunkRow row) throws IOException {
        check.run();
        boolean complete = false;
        try {
            ChunkSlots.Slot slot = slots.take(row.index());
            if (!original.copy(row, slot)) {
                fetch(row, slot.rewind());
            }
            complete = true;
        } finally {
            if (!complete) {
                slots.discard(row.index());
            }
        }
    }

    private void fetch(ChunkRow row, ChunkSlots.Slot slot) throws IOException {
        try {
            new OrderedRead(bucket).read(List.of(OrderedRead.Expected.of(row, objects)), slot, () -> {});
        } catch (IOException e) {
            slot.requireWritten();
            // As an exception of the SDK, so that it counts as an outage of the bucket.
            throw new SagaException(
                    Reason.STORE_FAILED,
                    row.key() + " cannot be read from bucket " + bucket.name() + ": " + e.getMessage(),
                    SdkClientException.create(String.valueOf(e.getMessage()), e));
        }
    }

    @Override
    public void close() throws IOException {
        try (slots) {
            original.close();
        }
    }
}
