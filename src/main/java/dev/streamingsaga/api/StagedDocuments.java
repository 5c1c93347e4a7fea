package dev.streamingsaga.api;

import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.intake.BodyAbortedException;
import dev.streamingsaga.intake.StreamCopy;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.upload.BodyUpload;
import dev.streamingsaga.upload.BodyUpload.Completion;
import dev.streamingsaga.upload.Uploader;
import dev.streamingsaga.upload.Uploads;
import java.io.IOException;
import java.util.function.Function;
import java.util.function.Supplier;

/** Receives the bodies of requests straight into the bucket. What is not accepted is removed before the answer. */
final class StagedDocuments {
    private final Uploads uploads;
    private final UploadSlots slots;

    StagedDocuments(Uploads uploads, UploadSlots slots) {
        this.uploads = uploads;
        this.slots = slots;
    }

    /** What is known about a body before it is read. */
    record Body(String name, Uploader uploader, BodyDigests digests) {}

    /**
     * Receives a body and checks it.
     *
     * @param complete calls its argument to record that the body is complete, or throws so that it is given up
     * @throws Problem if it is not accepted; nothing is kept then
     */
    Completion receive(ApiRequest request, Body body, Function<Supplier<Completion>, Completion> complete)
            throws IOException {
        uploads.requireAllowed(IngestOperations.length(request.call()));
        slots.acquire();
        BodyUpload upload;
        try {
            upload = begin(body);
            try {
                read(request.call(), body, upload);
            } catch (Exception e) {
                throw givenUp(upload, e);
            }
        } finally {
            slots.release();
        }
        try {
            Completion completion = complete.apply(upload::record);
            // Not in the caller's hands: it may hold a lock.
            upload.removeUnlessAccepted(completion);
            return completion;
        } catch (RuntimeException e) {
            upload.abort(Reason.CANCELLED, "the body was not accepted: " + e.getMessage());
            throw e instanceof Problem ? e : IngestDispatcher.Accepted.failed(e);
        }
    }

    private BodyUpload begin(Body body) {
        try {
            return uploads.begin(body.uploader(), body.name());
        } catch (RuntimeException e) {
            throw IngestDispatcher.Accepted.failed(e);
        }
    }

    private static void read(HttpCall call, Body body, BodyUpload upload) throws IOException {
        upload.receive(StreamCopy.of(body.digests().watch(call.body())));
        IngestOperations.requireLength(call, upload.sizeBytes());
        body.digests().check(upload.sha256());
    }

    private static RuntimeException givenUp(BodyUpload upload, Exception failure) throws IOException {
        upload.abort(reason(failure), "the body was not accepted: " + failure.getMessage());
        if (failure instanceof BodyAbortedException cutOff) {
            return IngestOperations.cutOff(cutOff);
        }
        if (failure instanceof SagaException refused) {
            return notStored(refused);
        }
        if (failure instanceof IOException io) {
            throw io;
        }
        return (RuntimeException) failure;
    }

    private static Reason reason(Exception failure) {
        if (failure instanceof Problem problem) {
            return switch (problem.status()) {
                case 408 -> Reason.CLIENT_ABORTED;
                default -> problem.isType("cut-off") ? Reason.CLIENT_ABORTED : Reason.HASH_MISMATCH;
            };
        }
        return Uploads.reason(failure);
    }

    private static Problem notStored(SagaException failure) {
        if (failure.reason() == Reason.STORAGE_FULL) {
            return new Problem(507, "no-space", failure.getMessage() + "; nothing was kept", failure);
        }
        return new Problem(503, "not-stored", failure.getMessage() + "; nothing was kept, send it again later", failure)
                .header("Retry-After", "15")
                .with("reason", failure.reason().name());
    }
}
