package dev.streamingsaga.api;

import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.config.DocumentConfig.Duplicates;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.intake.BodyAbortedException;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.intake.StreamCopy;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.trace.TraceLink;
import dev.streamingsaga.upload.BodyUpload.Completion;
import dev.streamingsaga.upload.ResumableBody;
import dev.streamingsaga.upload.ResumableUploads;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Optional;

/** Appends the bytes of a request to a resumable upload, and starts its saga when it is complete. */
final class UploadRequests {
    /** Header of a response: the saga of a complete upload. */
    static final String SAGA = "Saga-Location";

    private final SagaConfig config;
    private final ResumableUploads uploads;
    private final UploadSlots slots;
    private final IngestDispatcher dispatcher;

    UploadRequests(SagaConfig config, ResumableUploads uploads, UploadSlots slots, IngestDispatcher dispatcher) {
        this.config = config;
        this.uploads = uploads;
        this.slots = slots;
        this.dispatcher = dispatcher;
    }

    /** @throws Problem 409 if the request does not continue where the upload ends */
    static void requireOffset(long requested, long actual) {
        if (requested != actual) {
            throw new Problem(
                            409,
                            "wrong-offset",
                            "the upload has " + actual + " bytes, the request continues at " + requested
                                    + "; nothing was read, continue where the upload ends")
                    .header(TusHeaders.OFFSET, Long.toString(actual));
        }
    }

    /** A request that appends bytes. */
    record Append(String id, String sender, long offset, Optional<TusHeaders.Checksum> checksum) {}

    /** Answers 204 with the new offset, and with the saga if the upload is complete. */
    Reply append(ApiRequest request, Append append) throws IOException {
        acquire(slots::acquire);
        try {
            ResumableBody body = take(append.id(), append.sender())
                    .orElseThrow(() -> new Problem(
                            423,
                            "upload-locked",
                            "another request has this upload, or its saga is paused; nothing was read, try again"));
            receive(request.call(), body, append);
            if (!body.isComplete()) {
                return received(body.leave());
            }
            return accepted(body.lengthBytes(), run(body, request.trace()));
        } finally {
            slots.release();
        }
    }

    /** Starts the saga of an upload whose bytes have all arrived. Does nothing if another request does it. */
    void finish(String id, String sender, TraceLink trace) throws IOException {
        acquire(slots::acquire);
        try {
            Optional<ResumableBody> body = take(id, sender);
            if (body.isPresent()) {
                run(body.get(), trace);
            }
        } finally {
            slots.release();
        }
    }

    /** Only now is it one of the sagas that may run: its bytes may have arrived slowly. */
    private Completion run(ResumableBody body, TraceLink trace) throws IOException {
        boolean permitted = false;
        try {
            acquire(dispatcher::acquire);
            permitted = true;
        } finally {
            if (!permitted) {
                body.leave();
            }
        }
        boolean submitted = false;
        try {
            Completion completion = complete(body);
            submitted = submit(completion, trace);
            return completion;
        } finally {
            if (!submitted) {
                dispatcher.release();
            }
        }
    }

    /** Clients of tus try again after 503, not after 429. */
    private static void acquire(Runnable limit) {
        try {
            limit.run();
        } catch (Problem busy) {
            throw new Problem(503, "busy", String.valueOf(busy.getMessage())).header("Retry-After", "5");
        }
    }

    private Optional<ResumableBody> take(String id, String sender) {
        try {
            return uploads.take(id, sender);
        } catch (RuntimeException e) {
            throw IngestDispatcher.Accepted.failed(e);
        }
    }

    private boolean submit(Completion completion, TraceLink trace) {
        completion.accepted().ifPresent(body -> dispatcher.submit(body, trace));
        return completion.accepted().isPresent();
    }

    /** What arrived before a failure is kept, unless the request has a checksum, which can no longer be checked. */
    private static void receive(HttpCall call, ResumableBody body, Append append) throws IOException {
        boolean received = false;
        try {
            requireOffset(append.offset(), body.offset());
            requireLength(IngestOperations.length(call), body);
            read(call.body(), body, append.checksum());
            received = true;
        } catch (BodyAbortedException e) {
            throw new Problem(400, "cut-off", e.getMessage() + "; continue where the upload ends", e);
        } catch (DocumentRefusedException e) {
            throw e.kind() == DocumentRefusedException.Kind.TOO_LARGE ? tooLong(body) : e;
        } catch (SagaException e) {
            throw notStored(e);
        } finally {
            if (!received && append.checksum().isPresent()) {
                body.discard();
            } else if (!received) {
                body.leave();
            }
        }
    }

    private static void read(InputStream bytes, ResumableBody body, Optional<TusHeaders.Checksum> checksum)
            throws IOException {
        if (checksum.isEmpty()) {
            body.receive(StreamCopy.unbuffered(bytes));
            return;
        }
        MessageDigest digest = digest(checksum.get().algorithm());
        body.receive(StreamCopy.unbuffered(new DigestInputStream(bytes, digest)));
        if (!MessageDigest.isEqual(digest.digest(), checksum.get().value())) {
            throw new Problem(
                    460,
                    "wrong-checksum",
                    "the bytes of this request do not have the checksum of its header Upload-Checksum; they were"
                            + " discarded, send them again");
        }
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has " + algorithm, e);
        }
    }

    private static void requireLength(long more, ResumableBody body) {
        if (more > body.lengthBytes() - body.offset()) {
            throw tooLong(body);
        }
    }

    private static Problem tooLong(ResumableBody body) {
        return new Problem(
                413, "too-long", "the upload was announced with " + body.lengthBytes() + " bytes (Upload-Length)");
    }

    private static Problem notStored(SagaException failure) {
        return new Problem(
                        503,
                        "not-stored",
                        failure.getMessage() + "; what the bucket has confirmed is kept, continue later",
                        failure)
                .header("Retry-After", "15");
    }

    private Completion complete(ResumableBody body) throws IOException {
        boolean ended = false;
        try {
            Completion completion = body.complete();
            ended = true;
            return completion;
        } catch (SagaException e) {
            if (e.reason() != Reason.HASH_MISMATCH) {
                throw notStored(e);
            }
            ended = true;
            body.abort(e.reason(), String.valueOf(e.getMessage()));
            throw new Problem(460, "wrong-digest", String.valueOf(e.getMessage()));
        } finally {
            if (!ended) {
                body.leave();
            }
        }
    }

    private Reply received(long offset) {
        return Reply.empty(204)
                .header(TusHeaders.OFFSET, Long.toString(offset))
                .header(
                        TusHeaders.EXPIRES,
                        UploadOperations.httpDate(Instant.now().plus(uploads.expire())));
    }

    private Reply accepted(long length, Completion completion) {
        boolean stored = completion.saga().state().isFinal();
        if (stored && config.documents().source().duplicates() == Duplicates.REJECT) {
            throw IngestOperations.duplicate(completion.saga());
        }
        return Reply.empty(204)
                .header(TusHeaders.OFFSET, Long.toString(length))
                .header(SAGA, location(config, completion.saga().sagaId()));
    }

    static String location(SagaConfig config, String sagaId) {
        return config.endpoints().http().path() + "/api/sagas/" + sagaId;
    }
}
