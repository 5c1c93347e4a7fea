package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.sealing.DocumentSealing;
import dev.streamingsaga.sealing.Sealing;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Verifies the chunks before any other store is written. If it passes: the chunks in the journal are 0..n-1 without
 * gap, the bucket holds exactly these objects with these sizes, each has the bytes of its SHA-256, and the source is
 * still the file that was hashed. From then on the bucket is the source: a later run asks only the bucket.
 *
 * <p>Why that proves the hash of the whole without reading it again: one pass over the source adds every byte to the
 * hash of the whole and to the hash of its chunk (see {@code Digests}). The server compares the hash of each chunk with
 * the bytes it receives. So the stored chunks, in order, are the bytes of the hash of the whole, unless SHA-256 itself
 * is broken. A resumed run that takes both from the journal hashes each chunk of the source again that it does not
 * send; the server compares those that it sends with the journaled hash. So its source is the same.
 *
 * <p>A chunk that is stored compressed or encrypted keeps that proof: before it is sent, its bytes are hashed once more
 * while they are transformed, and must have the SHA-256 of its row; what is sent, and compared here, is the SHA-256 of
 * the result, journaled with the intent. An authenticated or checksummed form can only be read back as the bytes it was
 * made from.
 *
 * <p>This relies on the bucket to report the checksum of what it holds <em>now</em>. AWS does. The embedded server
 * reports the checksum taken on arrival, and only while size and modification time of its file are untouched; otherwise
 * it reports none. A chunk without a reported SHA-256 is read back and hashed here. Silent corruption in place is
 * detected with {@code saga.verify.read-back=true}, which reads every byte again and hashes each chunk and the whole in
 * order.
 */
final class VerifyChunks {
    private final SagaConfig config;
    private final Bucket configured;
    private final Sealing sealing;
    private final Parallel parallel;

    VerifyChunks(SagaConfig config, Bucket bucket, Sealing sealing, Parallel parallel) {
        this.config = config;
        this.configured = bucket;
        this.sealing = sealing;
        this.parallel = parallel;
    }

    void verify(Run run) {
        Document document = run.document();
        List<ChunkRow> rows = run.chunks();
        checkOrder(document, rows);
        Bucket bucket = configured.named(document.bucket());
        checkListed(bucket, document, rows);
        if (config.documents().chunk().readBack()) {
            readAll(bucket, run, rows);
        } else {
            checkReported(bucket, run, rows);
        }
        if (run.needsSource()) {
            SourceFile.checkContent(document.path(), document.identity(), document.sha256(), run::check);
        }
        run.chunksVerified();
    }

    /**
     * Checks that indexes are 0..n-1 without gap or duplicate, that offsets and keys match them, and that number and
     * total size match the file.
     */
    static void checkOrder(Document document, List<ChunkRow> rows) {
        long offset = 0;
        for (int i = 0; i < rows.size(); i++) {
            ChunkRow row = rows.get(i);
            String key = ChunkKeys.chunk(document.keyPrefix(), i);
            if (row.index() != i || row.offset() != offset || !row.key().equals(key)) {
                throw failed(
                        Reason.CHUNK_ORDER_MISMATCH,
                        document,
                        "at position " + i + " the journal has chunk " + row.index() + " with offset " + row.offset());
            }
            offset += row.sizeBytes();
        }
        if (rows.size() != document.chunkCount()) {
            throw failed(
                    Reason.CHUNK_COUNT_MISMATCH,
                    document,
                    "the journal has " + rows.size() + " chunks instead of " + document.chunkCount());
        }
        if (offset != document.sizeBytes()) {
            throw failed(
                    Reason.SIZE_MISMATCH,
                    document,
                    "the chunks have " + offset + " bytes, the file " + document.sizeBytes());
        }
    }

    private void checkListed(Bucket bucket, Document document, List<ChunkRow> rows) {
        SortedMap<String, Bucket.ListedObject> listed = bucket.list(
                document.keyPrefix() + "chunk-", config.servers().s3().timeout());
        for (ChunkRow row : rows) {
            Bucket.ListedObject found = listed.remove(row.key());
            if (found == null) {
                throw failed(Reason.CHUNK_MISSING, document, "bucket " + bucket.name() + " has no " + row.key());
            }
            checkSize(document, row, found.sizeBytes());
        }
        if (!listed.isEmpty()) {
            throw failed(
                    Reason.CHUNK_COUNT_MISMATCH,
                    document,
                    "bucket " + bucket.name() + " holds " + listed.size()
                            + " more objects than the journal, the first is " + listed.firstKey());
        }
    }

    private void checkReported(Bucket bucket, Run run, List<ChunkRow> rows) {
        Queue<ChunkRow> unreported = new ConcurrentLinkedQueue<>();
        parallel.forEach(rows, row -> {
            run.check();
            Bucket.StoredObject stored = bucket.head(row.key())
                    .orElseThrow(() -> failed(
                            Reason.CHUNK_MISSING, run.document(), "bucket " + bucket.name() + " has no " + row.key()));
            checkSize(run.document(), row, stored.sizeBytes());
            if (stored.sha256().isEmpty()) {
                unreported.add(row);
            } else if (!stored.sha256().get().equals(row.storedSha256())) {
                throw failed(
                        Reason.CHUNK_CORRUPT,
                        run.document(),
                        row.key() + " has SHA-256 " + stored.sha256().get() + " instead of " + row.storedSha256());
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
            throw failed(
                    Reason.HASH_MISMATCH,
                    run.document(),
                    "the stored bytes have SHA-256 " + whole + " instead of "
                            + run.document().sha256());
        }
    }

    private String read(Bucket bucket, Run run, List<ChunkRow> rows) {
        DocumentSealing objects = ChunkSealer.of(sealing, run.document());
        List<OrderedRead.Expected> expected =
                rows.stream().map(row -> OrderedRead.Expected.of(row, objects)).toList();
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
        if (size != row.storedSizeBytes()) {
            throw failed(
                    Reason.SIZE_MISMATCH,
                    document,
                    row.key() + " has " + size + " bytes instead of " + row.storedSizeBytes());
        }
    }

    private static SagaException failed(Reason reason, Document document, String detail) {
        return new SagaException(
                reason, "verification of saga " + document.sagaId() + ": " + detail + "; compensating");
    }

    /** The chunk keys of a saga in the bucket. */
    List<String> count(Map<?, ?> facts) {
        String prefix = SagaPrefix.of(config, facts);
        return configured
                .named(SagaPrefix.bucket(config, facts))
                .list(prefix, config.servers().s3().timeout())
                .keySet()
                .stream()
                .filter(key -> ChunkKeys.isChunk(prefix, key))
                .toList();
    }
}
