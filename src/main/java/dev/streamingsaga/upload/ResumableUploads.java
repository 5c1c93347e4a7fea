package dev.streamingsaga.upload;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.OpenUpload;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Bodies that their sender continues with one request after the other, on any node. Each is identified by the id of its
 * saga; only its sender sees it. Thread-safe.
 */
public final class ResumableUploads {
    private final Uploads uploads;
    private final UploadParts parts;
    private final Duration expire;
    private final DigestsInProgress digests = new DigestsInProgress();

    ResumableUploads(Uploads uploads, UploadParts parts, SagaConfig config) {
        this.uploads = uploads;
        this.parts = parts;
        this.expire = config.endpoints().http().uploads().expire();
    }

    /**
     * @param sha256 that the whole body must have, lower-case hex
     * @param metadata as sent, to be returned
     */
    public record ResumableRequest(
            Uploader uploader, String name, long lengthBytes, Optional<String> sha256, String metadata) {}

    /**
     * @param offset number of bytes that the bucket has confirmed
     * @param expiresAt empty if the body is complete
     */
    public record Progress(String id, long offset, long lengthBytes, String metadata, Optional<Instant> expiresAt) {
        /** Whether the saga of the body runs or has run. */
        public boolean isAccepted() {
            return expiresAt.isEmpty();
        }
    }

    /**
     * Records a body that is going to arrive.
     *
     * @return its id; empty if the sender has too many incomplete ones ({@code saga.http.uploads.max-open})
     * @throws RuntimeException if the journal does not accept it, or this process is stopping; nothing is kept
     */
    public Optional<String> create(ResumableRequest request) {
        Optional<ActiveRun> run = uploads.register(request);
        run.ifPresent(this::leave);
        return run.map(ActiveRun::sagaId);
    }

    private void leave(ActiveRun run) {
        try {
            parts.journal().uploads().leave(run.sagaId(), run.number(), expire);
            parts.runs().end(run);
        } catch (RuntimeException e) {
            parts.runs().markLost(run, e);
            throw e;
        }
    }

    /** The progress of a body; empty if this sender has none of this id, or it was given up. */
    public Optional<Progress> find(String id, String sender) {
        return open(id, sender)
                .map(upload -> new Progress(
                        id,
                        upload.offset(),
                        upload.length().orElseThrow(),
                        upload.metadata(),
                        Optional.of(upload.expiresAt())))
                .or(() -> accepted(id, sender));
    }

    private Optional<OpenUpload> open(String id, String sender) {
        return parts.journal()
                .uploads()
                .findOpen(id)
                .filter(OpenUpload::resumable)
                .filter(upload -> upload.saga().sender().equals(Optional.of(sender)));
    }

    private Optional<Progress> accepted(String id, String sender) {
        return parts.journal()
                .sagas()
                .find(id)
                .filter(saga -> saga.sender().equals(Optional.of(sender)))
                .filter(saga -> parts.journal().uploads().completedAt(id).isPresent())
                .flatMap(SagaRecord::document)
                .map(Document::sizeBytes)
                .map(size -> new Progress(id, size, size, "", Optional.empty()));
    }

    /**
     * Takes an incomplete body for one request. {@link ResumableBody#leave} it afterwards, or complete it.
     *
     * @return empty if another request has it, or its saga is paused
     * @throws RuntimeException if the journal does not accept it, or this process is stopping
     */
    public Optional<ResumableBody> take(String id, String sender) {
        return open(id, sender)
                .flatMap(upload -> parts.journal().uploads().take(upload, expire))
                .map(saga -> parts.runs().begin(saga))
                .map(this::prepare);
    }

    private ResumableBody prepare(ActiveRun run) {
        try {
            List<ChunkRow> confirmed =
                    parts.journal().uploads().keepConfirmed(run.sagaId(), run.number(), Integer.MAX_VALUE);
            OpenUpload upload = parts.journal().uploads().findOpen(run.sagaId()).orElseThrow();
            return new ResumableBody(parts, run, upload, confirmed, digests);
        } catch (RuntimeException e) {
            parts.runs().markLost(run, e); // free for the next request when its lease has expired
            throw e;
        }
    }

    /**
     * Gives a body up and removes what has arrived.
     *
     * @return whether this sender had an incomplete body of this id
     */
    public boolean terminate(String id, String sender) {
        Optional<OpenUpload> upload = open(id, sender);
        boolean found = upload.isPresent();
        // A request that takes the body, or leaves it, in this moment makes it the next run, which nothing has ended.
        while (upload.isPresent()) {
            parts.engine().compensate(id, upload.get().saga().run(), Reason.CLIENT_ABORTED, "terminated by its sender");
            upload = open(id, sender);
        }
        return found;
    }

    /** Time after which a body is given up if nothing more of it arrives. */
    public Duration expire() {
        return expire;
    }
}
