package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The gate before every other store. Passing it means: the journal's chunks are 0..n-1 without gap, the bucket holds
 * exactly these objects with these sizes, each holds the bytes of its SHA-256, and the source is still the file that
 * was hashed.
 *
 * <p>Why that proves the hash of the whole without reading it again: one pass over the source gave every byte to the
 * hash of the whole and to its chunk's hash (see {@code Digests}). The server compared each chunk's hash with the bytes
 * it received. So the stored chunks, in order, are the bytes of the whole file's hash, unless SHA-256 itself is broken.
 * A resumed run that took both from the journal has hashed each chunk of the source again that it did not send; what it
 * did send, the server has compared with the journaled hash. So its source is the same.
 *
 * <p>What it rests on: that the bucket reports the checksum of what it holds <em>now</em>. AWS does. The embedded
 * server reports the checksum taken on arrival, and only while size and modification time of its file are untouched;
 * otherwise none. A chunk without a reported SHA-256 is read back and hashed here. Bits that rot in place are found
 * with {@code saga.verify.read-back=true}, which reads every byte again and hashes each chunk and the whole in order.
 */
final class VerifyChunks {
    private final SagaConfig config;
    private final Bucket configured;
    private final Parallel parallel;

    VerifyChunks(SagaConfig config, Bucket bucket, Parallel parallel) {
        this.config = config;
        this.configured = bucket;
        this.parallel = parallel;
    }

    void verify(Run run) {
        Document document = run.document();
        List<ChunkRow> rows = run.chunks();
        checkOrder(document, rows);
        Bucket bucket = configured.named(document.bucket());
        checkListed(bucket, document, rows);
        if (config.chunk().readBack()) {
            readAll(bucket, run, rows);
        } else {
            checkReported(bucket, run, rows);
        }
        SourceFile.checkContent(document.path(), document.identity(), document.sha256(), run::check);
        run.chunksVerified();
    }

    /** Indexes 0..n-1 without gap or double, offsets and keys to match, as many and as long as the file. */
    static void checkOrder(Document document, List<ChunkRow> rows) {
        long offset = 0;
        for (int i = 0; i < rows.size(); i++) {
            ChunkRow row = rows.get(i);
            String key = ChunkKeys.chunk(document.keyPrefix(), i);
            if (row.index() != i || row.offset() != offset || !row.key().equals(key)) {
                throw refused(
                        Reason.CHUNK_ORDER_MISMATCH,
                        document,
                        "at position " + i + " the journal has chunk " + row.index() + " with offset " + row.offset());
            }
            offset += row.sizeBytes();
        }
        if (rows.size() != document.chunkCount()) {
            throw refused(
                    Reason.CHUNK_COUNT_MISMATCH,
                    document,
                    "the journal has " + rows.size() + " chunks instead of " + document.chunkCount());
        }
        if (offset != document.sizeBytes()) {
            throw refused(
                    Reason.SIZE_MISMATCH,
                    document,
                    "the chunks have " + offset + " bytes, the file " + document.sizeBytes());
        }
    }

    private void checkListed(Bucket bucket, Document document, List<ChunkRow> rows) {
        SortedMap<String, Bucket.ListedObject> listed =
                bucket.list(document.keyPrefix() + "chunk-", config.s3().timeout());
        for (ChunkRow row : rows) {
            Bucket.ListedObject found = listed.remove(row.key());
            if (found == null) {
                throw refused(Reason.CHUNK_MISSING, document, "bucket " + bucket.name() + " has no " + row.key());
            }
            checkSize(document, row, found.sizeBytes());
        }
        if (!listed.isEmpty()) {
            throw refused(
                    Reason.CHUNK_COUNT_MISMATCH,
                    document,
                    "bucket " + bucket.name() + " holds " + listed.size() + " more than the journal, first "
                            + listed.firstKey());
        }
    }

    private void checkReported(Bucket bucket, Run run, List<ChunkRow> rows) {
        Queue<ChunkRow> unreported = new ConcurrentLinkedQueue<>();
        parallel.forEach(rows, row -> {
            run.check();
            Bucket.StoredObject stored = bucket.head(row.key())
                    .orElseThrow(() -> refused(
                            Reason.CHUNK_MISSING, run.document(), "bucket " + bucket.name() + " has no " + row.key()));
            checkSize(run.document(), row, stored.sizeBytes());
            if (stored.sha256().isEmpty()) {
                unreported.add(row);
            } else if (!stored.sha256().get().equals(row.sha256())) {
                throw refused(
                        Reason.CHUNK_CORRUPT,
                        run.document(),
                        row.key() + " has SHA-256 " + stored.sha256().get() + " instead of " + row.sha256());
            }
        });
        if (unreported.size() == rows.size()) {
            readAll(bucket, run, rows);
        } else {
            unreported.forEach(row -> read(bucket, run, List.of(row)));
        }
    }

    private void readAll(Bucket bucket, Run run, List<ChunkRow> rows) {
        String whole = read(bucket, run, rows);
        if (!whole.equals(run.document().sha256())) {
            throw refused(
                    Reason.HASH_MISMATCH,
                    run.document(),
                    "the stored bytes have SHA-256 " + whole + " instead of "
                            + run.document().sha256());
        }
    }

    private String read(Bucket bucket, Run run, List<ChunkRow> rows) {
        List<OrderedRead.Expected> expected = rows.stream()
                .map(row -> new OrderedRead.Expected(row.key(), row.sizeBytes(), row.sha256()))
                .toList();
        try {
            return new OrderedRead(bucket).read(expected, OutputStream.nullOutputStream(), run::check);
        } catch (IOException e) {
            throw new SagaException(
                    Reason.STORE_FAILED,
                    "cannot read back the chunks of saga " + run.sagaId() + " from bucket " + bucket.name() + ": "
                            + e.getMessage() + "; compensating",
                    e);
        }
    }

    private static void checkSize(Document document, ChunkRow row, long size) {
        if (size != row.sizeBytes()) {
            throw refused(
                    Reason.SIZE_MISMATCH,
                    document,
                    row.key() + " has " + size + " bytes instead of " + row.sizeBytes());
        }
    }

    private static SagaException refused(Reason reason, Document document, String what) {
        return new SagaException(reason, "verification of saga " + document.sagaId() + ": " + what + "; compensating");
    }

    /** The chunk keys that the bucket holds for a saga. */
    List<String> count(Map<?, ?> facts) {
        String prefix = SagaPrefix.of(config, facts);
        return configured
                .named(SagaPrefix.bucket(config, facts))
                .list(prefix, config.s3().timeout())
                .keySet()
                .stream()
                .filter(key -> ChunkKeys.isChunk(prefix, key))
                .toList();
    }
}
