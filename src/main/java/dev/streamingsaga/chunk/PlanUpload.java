package dev.streamingsaga.chunk;

import dev.streamingsaga.digest.Digests;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.ChunkRow.ChunkState;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.source.SourceFile;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import software.amazon.awssdk.core.exception.SdkException;

/** Journals all chunks before the first is sent, and passes them on one by one as descriptors, never as bytes. */
final class PlanUpload {
    static final String CHUNKS = "SagaChunks";

    private final Bucket bucket;
    private final Duration timeout;
    private final int inFlight;

    /**
     * @param timeout for one request to the bucket
     * @param inFlight the limit of chunks of a saga in flight
     */
    PlanUpload(Bucket bucket, Duration timeout, int inFlight) {
        this.bucket = bucket;
        this.timeout = timeout;
        this.inFlight = inFlight;
    }

    void plan(Exchange exchange) {
        Upload upload = new Upload(
                exchange.getProperty(ExchangeKeys.RUN, Run.class),
                exchange.getProperty(ExchangeKeys.DIGESTS_OF_EARLIER_RUN, false, Boolean.class));
        Run run = upload.run();
        Document document = upload.document();
        List<ChunkRow> expected = rows(document, digests(exchange, run, document));
        run.planChunks(expected);
        // A resumed run gets the rows that an earlier run planned and sent.
        List<ChunkRow> planned = run.chunks();
        VerifyChunks.checkOrder(document, planned);
        Map<String, Bucket.ListedObject> listed = run.number() > 1 || !document.hasFile() ? listed(document) : Map.of();
        requireJournaled(listed, planned);
        boolean same = planned.size() == expected.size();
        for (int i = 0; same && i < planned.size(); i++) {
            same = planned.get(i).sha256().equals(expected.get(i).sha256());
        }
        if (!same) {
            throw SourceFile.modified(document.path());
        }
        upload.confirm(planned.stream()
                .filter(row -> hasRecordedEtag(row, listed))
                .map(ChunkRow::index)
                .collect(Collectors.toSet()));
        upload.attach(exchange);
        exchange.setProperty(CHUNKS, upload.schedule(interleaved(planned), inFlight));
    }

    /**
     * Interleaves chunks that an earlier run has sent with those that are still to be sent, each in their own order:
     * the first need the processor, since the source is hashed again, the others network and disks.
     */
    static List<ChunkRow> interleaved(List<ChunkRow> planned) {
        List<ChunkRow> sent = planned.stream().filter(PlanUpload::isSent).toList();
        List<ChunkRow> missing = planned.stream().filter(row -> !isSent(row)).toList();
        List<ChunkRow> interleaved = new ArrayList<>(planned.size());
        int sentTaken = 0;
        for (int i = 0; i < missing.size(); i++) {
            interleaved.add(missing.get(i));
            for (long due = (i + 1L) * sent.size() / missing.size(); sentTaken < due; sentTaken++) {
                interleaved.add(sent.get(sentTaken));
            }
        }
        interleaved.addAll(sent.subList(sentTaken, sent.size()));
        return interleaved;
    }

    private static boolean isSent(ChunkRow row) {
        return row.state() == ChunkState.SENT || row.state() == ChunkState.VERIFIED;
    }

    private Map<String, Bucket.ListedObject> listed(Document document) {
        try {
            return bucket.named(document.bucket()).list(document.keyPrefix() + "chunk-", timeout);
        } catch (SdkException e) {
            return Map.of(); // sending runs into the same failure and classifies it
        }
    }

    /**
     * The intent is journaled before a chunk is sent. An object in the bucket whose row is still PENDING shows that
     * journal rows were lost.
     */
    private static void requireJournaled(Map<String, Bucket.ListedObject> listed, List<ChunkRow> planned) {
        planned.stream()
                .filter(row -> row.state() == ChunkState.PENDING && listed.containsKey(row.key()))
                .findFirst()
                .ifPresent(row -> {
                    throw new SagaException(
                            Reason.METADATA_CORRUPT,
                            "the bucket holds " + row.key() + ", but the journal lost the row for it; "
                                    + "compensating from the listing of the bucket");
                });
    }

    /**
     * Whether the object has the entity tag that the bucket returned after it had compared the bytes with the journaled
     * SHA-256.
     */
    private static boolean hasRecordedEtag(ChunkRow row, Map<String, Bucket.ListedObject> listed) {
        return isSent(row)
                && row.etag().isPresent()
                && new Bucket.ListedObject(row.storedSizeBytes(), row.etag()).equals(listed.get(row.key()));
    }

    /**
     * The digests that the caller computed before the saga; computed here if the property is missing. Those of the
     * journal if its chunks are verified.
     */
    private static Digests digests(Exchange exchange, Run run, Document document) {
        if (!run.needsSource()) {
            return new Digests(
                    document.sha256(),
                    document.sizeBytes(),
                    run.chunks().stream().map(ChunkRow::sha256).toList());
        }
        Digests digests = exchange.getProperty(ExchangeKeys.DIGESTS, Digests.class);
        if (digests == null) {
            digests = SourceFile.digest(
                    document.path(), document.identity(), document.chunkSizeBytes(), done -> {}, run::check);
        }
        if (!digests.sha256().equals(document.sha256()) || digests.chunkSha256().size() != document.chunkCount()) {
            throw SourceFile.modified(document.path());
        }
        return digests;
    }

    private static List<ChunkRow> rows(Document document, Digests digests) {
        List<ChunkRow> rows = new ArrayList<>(document.chunkCount());
        for (int i = 0; i < document.chunkCount(); i++) {
            long offset = i * document.chunkSizeBytes();
            long size = Math.min(document.chunkSizeBytes(), document.sizeBytes() - offset);
            String key = ChunkKeys.chunk(document.keyPrefix(), i);
            rows.add(new ChunkRow(i, offset, size, key, digests.chunkSha256().get(i), ChunkState.PENDING, 0));
        }
        return rows;
    }

    void describe(Exchange exchange) throws Exception {
        Upload upload = Upload.of(exchange);
        upload.requireActive();
        upload.run().check();
        ObjectPut.chunk(upload, exchange.getMessage().getBody(ChunkRow.class)).attach(exchange);
    }

    /** Always throws: this chunk has failed permanently, and so has the upload. */
    void failed(Exchange exchange) throws Exception {
        Exception failure = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        Upload.of(exchange).fail(failure);
        throw failure;
    }

    /**
     * Whether an earlier run sent the chunk and the bucket confirms it: by the listing if that run saw the response,
     * else by size and checksum of the object, since the response may have been in transit when that run ended. If in
     * doubt, the chunk is sent again.
     */
    boolean isStored(Exchange exchange) {
        ObjectPut put = ObjectPut.of(exchange);
        ChunkRow row = exchange.getMessage().getBody(ChunkRow.class);
        if (row.state() == ChunkState.PENDING) {
            return false;
        }
        boolean confirmed = put.upload().isConfirmed(row) || hasChecksum(put, row);
        if (!put.document().hasFile()) {
            requireStored(put, row, confirmed);
        } else if (confirmed) {
            put.upload().requireUnchanged(row);
            put.run().chunkConfirmed(row);
            put.upload().stored(row);
        } else if (!put.run().needsSource()) {
            requireOriginal(put.document(), row);
        }
        return confirmed;
    }

    /** A chunk whose bytes are nowhere else cannot be sent again. */
    private static void requireStored(ObjectPut put, ChunkRow row, boolean confirmed) {
        if (!confirmed) {
            throw new SagaException(
                    Reason.CHUNK_MISSING,
                    "bucket " + put.document().bucket() + " no longer has " + row.key()
                            + " as it arrived, and there is no other copy; compensating");
        }
        put.upload().stored(row);
    }

    private boolean hasChecksum(ObjectPut put, ChunkRow row) {
        try {
            return bucket.named(put.document().bucket())
                    .head(row.key())
                    .filter(stored -> stored.sizeBytes() == row.storedSizeBytes())
                    .flatMap(Bucket.StoredObject::sha256)
                    .filter(row.storedSha256()::equals)
                    .isPresent();
        } catch (RuntimeException e) {
            if (!put.run().needsSource()) {
                throw e; // the original may be gone: the chunk must not count as lost
            }
            return false; // correctness is unaffected: sending runs into the same failure and classifies it
        }
    }

    /** A chunk that was verified in an earlier run is sent again only if the original is still the same. */
    private static void requireOriginal(Document document, ChunkRow row) {
        try {
            SourceFile.check(document.path(), document.identity());
        } catch (SagaException e) {
            throw new SagaException(
                    Reason.CHUNK_MISSING,
                    "bucket " + document.bucket() + " no longer confirms " + row.key()
                            + ", which was verified, and it cannot be sent again (" + e.getMessage()
                            + "); compensating",
                    e);
        }
    }
}
