package dev.streamingsaga.upload;

import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.config.DocumentConfig.Duplicates;
import dev.streamingsaga.config.DocumentConfig.OnConflict;
import dev.streamingsaga.intake.BodyAbortedException;
import dev.streamingsaga.intake.BodyKey;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.intake.LabelledSender;
import dev.streamingsaga.intake.UploadSpool;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.DeliveryRequest;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.UploadRepository.CompleteBody;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A body on its way into the bucket: receive it, then either complete it or give it up. Used by one thread. */
public final class BodyUpload {
    private static final Logger LOG = LoggerFactory.getLogger(BodyUpload.class);

    private final UploadParts parts;
    private final ActiveRun run;
    private final BodyWriter writer;

    BodyUpload(UploadParts parts, ActiveRun run, BodyWriter writer) {
        this.parts = parts;
        this.run = run;
        this.writer = writer;
    }

    /**
     * What a complete body leads to.
     *
     * @param saga that answers for the body
     * @param accepted to be started by the caller; empty if another saga answers for the same content
     */
    public record Completion(SagaRecord saga, Optional<AcceptedBody> accepted) {}

    public String sagaId() {
        return run.sagaId();
    }

    /**
     * Sends the body to the bucket as it arrives, and waits until the bucket has confirmed all of it. After a failure,
     * call {@link #abort}.
     *
     * @throws DocumentRefusedException TOO_LARGE, or NO_ROOM if the disk has no room for a chunk
     * @throws BodyAbortedException if the sender disconnected
     * @throws SagaException if the bucket does not accept it, or the saga was cancelled
     */
    public void receive(UploadSpool.Body body) throws IOException {
        writer.receive(body);
        writer.end();
    }

    /** Size of the body so far. */
    public long sizeBytes() {
        return writer.size();
    }

    /** Hash of the whole body, lower-case hex. */
    public String sha256() {
        return writer.sha256();
    }

    /**
     * Records that the body is complete. If another saga answers for the same content, what has arrived is removed
     * again.
     */
    public Completion complete() {
        return complete(Optional.empty(), DeliveryRequest.NONE);
    }

    /**
     * As {@link #complete()}.
     *
     * @param request identifies the request, which may be repeated; recorded only now, since an incomplete body does
     *     not answer for it
     * @param delivery how the body was delivered
     */
    public Completion complete(Optional<String> request, DeliveryRequest delivery) {
        Completion completion = record(request, delivery);
        removeUnlessAccepted(completion);
        return completion;
    }

    /**
     * As {@link #complete()}, without removing anything: call {@link #removeUnlessAccepted} afterwards. It only writes
     * to the journal.
     */
    public Completion record() {
        return record(Optional.empty(), DeliveryRequest.NONE);
    }

    /** Removes what has arrived if another saga answers for the same content. */
    public void removeUnlessAccepted(Completion completion) {
        if (completion.accepted().isEmpty()) {
            abort(
                    Reason.DUPLICATE,
                    "saga " + completion.saga().sagaId() + " has the same content from the same sender under the same"
                            + " name; what has arrived is removed");
        }
    }

    private Completion record(Optional<String> request, DeliveryRequest delivery) {
        Document document = writer.document();
        OnConflict onConflict = parts.config().documents().source().onConflict();
        Optional<SagaRecord> answering = parts.journal()
                .uploads()
                .complete(
                        sagaId(),
                        run.number(),
                        new CompleteBody(
                                document,
                                key(document),
                                parts.config().documents().source().duplicates() != Duplicates.VERSION,
                                onConflict == OnConflict.JOIN || onConflict == OnConflict.WAIT,
                                parts.config().timeLimit(),
                                request,
                                delivery));
        if (answering.isPresent()) {
            return new Completion(answering.get(), Optional.empty());
        }
        SagaRecord saga = parts.journal().sagas().find(sagaId()).orElseThrow();
        return new Completion(saga, Optional.of(new AcceptedBody(parts.runs().begin(saga))));
    }

    /** The same as for a body in the spool, so that either answers for the other. */
    private String key(Document document) {
        String[] sender = run.initialSaga().sender().orElseThrow().split(":", 2);
        String name = sender[0].equals("jms") ? sender[0] : sender[1];
        String labelled = LabelledSender.of(
                name,
                new SecurityLabel(document.owner(), document.classification()),
                parts.config().documents().security().label());
        return BodyKey.of(sender[0], labelled, document.fileName(), document.sha256())
                .toString();
    }

    /**
     * Gives the body up and removes what has arrived; waits for that, at most one step time-out. What cannot be removed
     * becomes a clean-up entry.
     */
    public void abort(Reason reason, String message) {
        try {
            if (parts.runs().release(run)) {
                parts.runs().end(run); // the next start removes it
                return;
            }
            parts.engine()
                    .compensate(sagaId(), run.number(), reason, message)
                    .get(parts.config().operation().compensation().stepTimeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException e) {
            LOG.info("saga {} is still being compensated", sagaId());
        } catch (ExecutionException | RuntimeException e) {
            parts.runs().markLost(run, e); // the recovery compensates it when the journal works again
        } finally {
            writer.discard();
        }
    }
}
