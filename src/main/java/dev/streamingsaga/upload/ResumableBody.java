package dev.streamingsaga.upload;

import dev.streamingsaga.chunk.IncomingObjects;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.intake.UploadSpool;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.OpenUpload;
import dev.streamingsaga.journal.OpenUpload.Tail;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.UploadRepository;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request of a resumable body: receive, then complete, leave or give up. What the bucket has confirmed stays for
 * the next request. Used by one thread.
 */
public final class ResumableBody {
    private static final Logger LOG = LoggerFactory.getLogger(ResumableBody.class);

    private final UploadParts parts;
    private final UploadRepository journal;
    private final ActiveRun run;
    private final OpenUpload upload;
    private final List<ChunkRow> confirmed;
    private final DigestsInProgress digests;
    private final BodyWriter writer;
    private boolean begun;

    /** @param confirmed the chunks that the bucket has confirmed without a gap */
    ResumableBody(
            UploadParts parts, ActiveRun run, OpenUpload upload, List<ChunkRow> confirmed, DigestsInProgress digests) {
        this.parts = parts;
        this.journal = parts.journal().uploads();
        this.run = run;
        this.upload = upload;
        this.confirmed = confirmed;
        this.digests = digests;
        this.writer = new BodyWriter(parts, run, confirmed, lengthBytes());
    }

    public long lengthBytes() {
        return upload.length().orElseThrow();
    }

    /** Number of bytes before this request. */
    public long offset() {
        return upload.offset();
    }

    /**
     * Appends bytes, and sends each chunk that is full. A failure keeps what arrived before.
     *
     * @throws DocumentRefusedException TOO_LARGE for more bytes than the sender announced, or NO_ROOM
     * @throws SagaException if the bucket does not accept a chunk, or the saga was cancelled
     * @throws IOException if the sender disconnected
     */
    public void receive(UploadSpool.Body body) throws IOException {
        begin();
        writer.receive(body);
    }

    private void begin() throws IOException {
        if (begun) {
            return;
        }
        begun = true;
        if (upload.tail().isPresent()) {
            parts.objects().readTail(run, upload.tail().get(), writer.withoutDigest());
        }
        digests.take(run.sagaId(), offset()).ifPresent(writer::setDigest);
    }

    /** Whether all announced bytes have arrived; then complete it. */
    public boolean isComplete() {
        return (begun ? writer.size() : offset()) == lengthBytes();
    }

    /**
     * Sends the last chunk, compares the hash of the whole and records that the body is complete. If the bytes came in
     * several processes, they are read once from the bucket to hash them.
     *
     * @throws SagaException HASH_MISMATCH if the sender announced another hash: give the body up
     */
    public BodyUpload.Completion complete() throws IOException {
        begin();
        writer.end();
        List<ChunkRow> chunks = journal.keepConfirmed(run.sagaId(), run.number(), Integer.MAX_VALUE);
        if (writer.digest().isEmpty()) {
            writer.setSha256(parts.objects().sha256(run, chunks));
        }
        String sha256 = writer.sha256();
        if (upload.expectedSha256()
                .filter(announced -> !announced.equals(sha256))
                .isPresent()) {
            throw new SagaException(
                    Reason.HASH_MISMATCH,
                    "the body has SHA-256 " + sha256 + ", its sender announced "
                            + upload.expectedSha256().get() + "; what has arrived is removed");
        }
        parts.objects().deleteTails(run, "");
        return new BodyUpload(parts, run, writer).complete();
    }

    /** Gives the body up and removes what has arrived. */
    public void abort(Reason reason, String message) {
        new BodyUpload(parts, run, writer).abort(reason, message);
    }

    /**
     * Leaves the body for the next request. The bytes behind the last whole chunk become its tail in the bucket; if
     * that fails, they count as not received.
     *
     * @return the number of bytes that the bucket has confirmed
     */
    public long leave() {
        try {
            keepTail();
        } catch (IOException | RuntimeException e) {
            LOG.info("saga {}: the last bytes of this request were not kept ({})", run.sagaId(), e.toString());
        }
        return release();
    }

    /** As {@link #leave}, without what this request brought. */
    public long discard() {
        try {
            writer.stop().ifPresent(PartFile::delete);
            journal.keepConfirmed(run.sagaId(), run.number(), confirmed.size());
        } catch (IOException | RuntimeException e) {
            LOG.warn("saga {}: the bytes of this request were not discarded ({})", run.sagaId(), e.toString());
        }
        return release();
    }

    private void keepTail() throws IOException {
        Optional<PartFile> part = writer.stop();
        try {
            List<ChunkRow> chunks = journal.keepConfirmed(run.sagaId(), run.number(), Integer.MAX_VALUE);
            long start = chunks.stream().mapToLong(ChunkRow::sizeBytes).sum();
            if (!begun || start != writer.chunkStart()) {
                return; // a chunk before was not confirmed
            }
            long end = start + part.map(PartFile::size).orElse(0L);
            if (part.isPresent() && end != offset()) {
                putTail(start, part.get());
            }
            writer.digest().ifPresent(digest -> digests.put(run.sagaId(), end, digest));
        } finally {
            part.ifPresent(PartFile::delete);
        }
    }

    private void putTail(long start, PartFile part) throws IOException {
        String key = IncomingObjects.tailKey(run.document().keyPrefix(), start + part.size());
        Tail tail = new Tail(key, start, part.size(), part.close());
        parts.objects().sendTail(run, tail, part.path());
        journal.setTail(run.sagaId(), run.number(), tail);
        if (upload.tail().isPresent()) {
            parts.objects().deleteTails(run, key);
        }
    }

    private long release() {
        writer.discard();
        try {
            journal.leave(
                    run.sagaId(),
                    run.number(),
                    parts.config().endpoints().http().uploads().expire());
            parts.runs().end(run);
            return journal.findOpen(run.sagaId()).map(OpenUpload::offset).orElse(offset());
        } catch (RuntimeException e) {
            parts.runs().markLost(run, e);
            throw e;
        }
    }
}
