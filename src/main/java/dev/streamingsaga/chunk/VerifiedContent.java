package dev.streamingsaga.chunk;

import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.sealing.DamagedObjectException;
import dev.streamingsaga.sealing.DocumentSealing;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Streams a range of a document. Reads and hashes each chunk of the range as a whole; it always holds back one buffer,
 * so that the last bytes of the range in a chunk are returned only after the digest of the chunk was verified. Needs
 * two small buffers, whatever the size of a chunk.
 */
final class VerifiedContent extends InputStream {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final Bucket bucket;
    private final List<ChunkRow> rows;
    private final DocumentSealing objects;
    private final long from;
    private final long end;
    private int next;
    private @Nullable OpenChunk open;
    private byte[] ready = new byte[BUFFER_BYTES];
    private int position;
    private int limit;
    private byte[] held = new byte[BUFFER_BYTES];
    private int heldFrom;
    private int heldUntil;

    VerifiedContent(Bucket bucket, List<ChunkRow> rows, DocumentSealing objects, long from, long length) {
        this.bucket = bucket;
        this.objects = objects;
        this.rows = rows;
        this.from = from;
        this.end = from + length;
        while (next < rows.size() && rows.get(next).offset() + rows.get(next).sizeBytes() <= from) {
            next++;
        }
    }

    /** A chunk that is being read; {@code at} is the offset of its next byte in the document. */
    private static final class OpenChunk {
        private final ChunkRow row;
        private final DecodedObject object;
        private final MessageDigest digest = Sha256.digest();
        private long at;

        OpenChunk(ChunkRow row, DecodedObject object) {
            this.row = row;
            this.object = object;
            this.at = row.offset();
        }

        long end() {
            return row.offset() + row.sizeBytes();
        }
    }

    @Override
    public int read() throws IOException {
        return fill() ? ready[position++] & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int n = Math.min(length, limit - position);
        System.arraycopy(ready, position, target, offset, n);
        position += n;
        return n;
    }

    /** @return false at the end of the range */
    private boolean fill() throws IOException {
        try {
            while (position == limit) {
                if (open == null && (next == rows.size() || rows.get(next).offset() >= end)) {
                    return false;
                }
                step();
            }
            return true;
        } catch (SdkException e) {
            throw new IOException("bucket " + bucket.name() + " cannot be read: " + e.getMessage(), e);
        } catch (DamagedObjectException e) {
            throw new IOException(rows.get(next).key() + " in bucket " + bucket.name() + " " + e.getMessage(), e);
        } catch (SagaException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /**
     * Reads the next buffer of the chunk, which releases the previous one. At the end of the chunk, the verified digest
     * releases it. An object that has more bytes fails at once: the reader may stop before its end.
     */
    private void step() throws IOException {
        OpenChunk chunk = open;
        if (chunk == null) {
            ChunkRow row = rows.get(next);
            chunk = new OpenChunk(row, DecodedObject.of(OrderedRead.Expected.of(row, objects), bucket.open(row.key())));
            open = chunk;
        }
        byte[] buffer = ready;
        int n = chunk.object.bytes().readNBytes(buffer, 0, BUFFER_BYTES);
        chunk.digest.update(buffer, 0, n);
        chunk.at += n;
        if (n == 0 || chunk.at > chunk.end()) {
            check(chunk);
        }
        long first = chunk.at - n;
        int partFrom = (int) Math.min(n, Math.max(0, from - first));
        int partUntil = (int) Math.max(partFrom, Math.min(n, end - first));
        // Behind the range, the chunk is only hashed: what is held waits for its end.
        if (n == 0 || partUntil > partFrom) {
            ready = held;
            position = heldFrom;
            limit = heldUntil;
            held = buffer;
            heldFrom = partFrom;
            heldUntil = partUntil;
        }
        if (n == 0) {
            chunk.object.close();
            open = null;
            next++;
        }
    }

    private void check(OpenChunk chunk) throws IOException {
        String sha256 = Sha256.hex(chunk.digest);
        if (chunk.at != chunk.end() || !sha256.equals(chunk.row.sha256())) {
            throw new IOException(chunk.row.key() + " in bucket " + bucket.name() + " is damaged: "
                    + (chunk.at - chunk.row.offset()) + " bytes with SHA-256 " + sha256 + " instead of "
                    + chunk.row.sizeBytes() + " with " + chunk.row.sha256());
        }
    }

    @Override
    public void close() {
        if (open != null) {
            open.object.abort();
            open = null;
        }
    }
}
