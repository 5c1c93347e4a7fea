package dev.streamingsaga.chunk;

import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.StoredForm;
import dev.streamingsaga.sealing.DamagedObjectException;
import dev.streamingsaga.sealing.DocumentSealing;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

/**
 * Reads chunks in order and hashes each chunk and the whole file. Sends the request for the next chunk while one is
 * read; the bytes wait in the socket, so memory stays at one small buffer.
 */
final class OrderedRead {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final Bucket bucket;

    OrderedRead(Bucket bucket) {
        this.bucket = bucket;
    }

    /** Turns the bytes of an object into those that it stands for. */
    @FunctionalInterface
    interface Decoding {
        Decoding NONE = stored -> stored;

        InputStream decode(InputStream stored) throws IOException;
    }

    /**
     * The expected content of an object.
     *
     * @param sizeBytes and {@code sha256} after decoding
     * @param storedBytes size of the object itself
     */
    record Expected(String key, long sizeBytes, String sha256, long storedBytes, Decoding decoding) {

        static Expected of(ChunkRow row, DocumentSealing objects) {
            return new Expected(
                    row.key(), row.sizeBytes(), row.sha256(), row.storedSizeBytes(), decoding(row, objects));
        }

        /** The object itself, as it is stored. */
        static Expected stored(ChunkRow row) {
            return new Expected(
                    row.key(), row.storedSizeBytes(), row.storedSha256(), row.storedSizeBytes(), Decoding.NONE);
        }

        private static Decoding decoding(ChunkRow row, DocumentSealing objects) {
            Optional<StoredForm> form = row.storedForm();
            return form.isEmpty()
                    ? Decoding.NONE
                    : stored -> objects.open(
                            objects.chunk(row.index(), row.sizeBytes()),
                            form.get().codec(),
                            form.get().encryption(),
                            stored);
        }
    }

    /**
     * @return SHA-256 of all bytes in order
     * @throws SagaException CHUNK_MISSING, SIZE_MISMATCH or CHUNK_CORRUPT; discard what was written to {@code out}
     *     until then
     */
    String read(List<Expected> chunks, OutputStream out, Runnable check) throws IOException {
        MessageDigest whole = Sha256.digest();
        CompletableFuture<ResponseInputStream<GetObjectResponse>> next = null;
        try {
            for (int i = 0; i < chunks.size(); i++) {
                check.run();
                CompletableFuture<ResponseInputStream<GetObjectResponse>> current =
                        next == null ? open(chunks.get(i)) : next;
                next = i + 1 < chunks.size() ? open(chunks.get(i + 1)) : null;
                readOne(chunks.get(i), current, whole, out);
            }
            return Sha256.hex(whole);
        } finally {
            if (next != null) {
                next.thenAccept(ResponseInputStream::abort);
            }
        }
    }

    private CompletableFuture<ResponseInputStream<GetObjectResponse>> open(Expected chunk) {
        return CompletableFuture.supplyAsync(() -> bucket.open(chunk.key()), task -> {
            Thread thread = new Thread(task, "chunk-prefetch");
            thread.setDaemon(true);
            thread.start();
        });
    }

    private void readOne(
            Expected chunk,
            CompletableFuture<ResponseInputStream<GetObjectResponse>> opening,
            MessageDigest whole,
            OutputStream out)
            throws IOException {
        ResponseInputStream<GetObjectResponse> stored = opened(chunk, opening);
        try {
            DecodedObject object = DecodedObject.of(chunk, stored);
            boolean complete = false;
            try {
                copy(chunk, object.bytes(), whole, out);
                complete = true;
            } finally {
                if (complete) {
                    object.close();
                } else {
                    object.abort();
                }
            }
        } catch (DamagedObjectException e) {
            throw new SagaException(Reason.CHUNK_CORRUPT, describe(chunk) + " " + e.getMessage(), e);
        }
    }

    private void copy(Expected chunk, InputStream bytes, MessageDigest whole, OutputStream out) throws IOException {
        MessageDigest digest = Sha256.digest();
        byte[] buffer = new byte[BUFFER_BYTES];
        long size = 0;
        for (int n = bytes.read(buffer); n >= 0; n = bytes.read(buffer)) {
            size += n;
            if (size > chunk.sizeBytes()) {
                throw new SagaException(
                        Reason.SIZE_MISMATCH, describe(chunk) + " has more than " + chunk.sizeBytes() + " bytes");
            }
            digest.update(buffer, 0, n);
            whole.update(buffer, 0, n);
            out.write(buffer, 0, n);
        }
        check(chunk, size, Sha256.hex(digest));
    }

    private ResponseInputStream<GetObjectResponse> opened(
            Expected chunk, CompletableFuture<ResponseInputStream<GetObjectResponse>> opening) {
        try {
            return opening.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof NoSuchKeyException) {
                throw new SagaException(Reason.CHUNK_MISSING, describe(chunk) + " does not exist", e.getCause());
            }
            Throwable cause = Objects.requireNonNull(e.getCause());
            throw new SagaException(
                    Reason.STORE_FAILED, describe(chunk) + " cannot be read: " + cause.getMessage(), cause);
        }
    }

    private void check(Expected chunk, long size, String sha256) {
        if (size != chunk.sizeBytes()) {
            throw new SagaException(
                    Reason.SIZE_MISMATCH, describe(chunk) + " has " + size + " bytes instead of " + chunk.sizeBytes());
        }
        if (!sha256.equals(chunk.sha256())) {
            throw new SagaException(
                    Reason.CHUNK_CORRUPT, describe(chunk) + " has SHA-256 " + sha256 + " instead of " + chunk.sha256());
        }
    }

    private String describe(Expected chunk) {
        return chunk.key() + " in bucket " + bucket.name();
    }
}
