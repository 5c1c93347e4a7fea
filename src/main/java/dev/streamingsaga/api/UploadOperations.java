package dev.streamingsaga.api;

import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.api.Operation.OperationHandler;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.intake.DocumentName;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.upload.ResumableUploads;
import dev.streamingsaga.upload.ResumableUploads.Progress;
import dev.streamingsaga.upload.ResumableUploads.ResumableRequest;
import dev.streamingsaga.upload.Uploader;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Resumable uploads as tus 1.0 describes them, with its extensions creation, creation-with-upload, checksum, expiration
 * and termination. An upload has the id of its saga.
 */
final class UploadOperations {
    private static final String EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination";
    private static final String RESOURCE = "resumable-upload";
    private static final DateTimeFormatter HTTP_DATE =
            DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ENGLISH).withZone(ZoneOffset.UTC);

    private final SagaConfig config;
    private final ResumableUploads uploads;
    private final UploadRequests requests;
    private final DocumentLabels labels;
    private final Runnable requireAvailable;

    /** @param requireAvailable throws a {@link Problem} while no document is accepted */
    UploadOperations(
            SagaConfig config,
            ResumableUploads uploads,
            UploadRequests requests,
            DocumentLabels labels,
            Runnable requireAvailable) {
        this.config = config;
        this.labels = labels;
        this.uploads = uploads;
        this.requests = requests;
        this.requireAvailable = requireAvailable;
    }

    /** Every answer names the version, also one that refuses. */
    OperationHandler tus(OperationHandler handler) {
        return request -> {
            try {
                TusHeaders.requireVersion(request.call());
                Query.of(request.call());
                return handler.handle(request).header(TusHeaders.RESUMABLE, TusHeaders.VERSION);
            } catch (DocumentRefusedException e) {
                throw Problem.of(e).header(TusHeaders.RESUMABLE, TusHeaders.VERSION);
            } catch (Problem e) {
                throw e.header(TusHeaders.RESUMABLE, TusHeaders.VERSION);
            }
        };
    }

    static String sender(ApiRequest request) {
        return "http:" + request.caller().name();
    }

    /** {@code OPTIONS /api/uploads}. */
    Reply options(ApiRequest request) {
        return Reply.empty(204)
                .header(TusHeaders.RESUMABLE, TusHeaders.VERSION)
                .header("Tus-Version", TusHeaders.VERSION)
                .header("Tus-Extension", EXTENSIONS)
                .header("Tus-Checksum-Algorithm", "sha1,sha256")
                .header(
                        "Tus-Max-Size",
                        Long.toString(config.documents().source().maxSizeBytes()));
    }

    /** {@code POST /api/uploads}: with a body, as a first PATCH. */
    Reply create(ApiRequest request) throws IOException {
        HttpCall call = request.call();
        requireAvailable.run();
        boolean withBody = call.header("Content-Type")
                .filter(TusHeaders.BODY_TYPE::equalsIgnoreCase)
                .isPresent();
        Optional<TusHeaders.Checksum> checksum = TusHeaders.checksum(call);
        ResumableRequest announced = announced(request);
        String id = register(announced);
        Reply created = withBody || announced.lengthBytes() == 0
                ? firstBytes(request, new UploadRequests.Append(id, sender(request), 0, checksum))
                : progress(Reply.empty(204), uploads.find(id, sender(request)).orElseThrow());
        return created.as(201).header("Location", location(id));
    }

    private String location(String id) {
        return config.endpoints().http().path() + "/api/uploads/" + id;
    }

    /** The upload exists, whatever becomes of its first bytes: its sender continues it, and creates no other one. */
    private Reply firstBytes(ApiRequest request, UploadRequests.Append append) throws IOException {
        Problem failure;
        try {
            return requests.append(request, append);
        } catch (DocumentRefusedException e) {
            failure = Problem.of(e);
        } catch (Problem e) {
            failure = e;
        }
        Optional<Progress> left = uploads.find(append.id(), append.sender());
        if (left.isEmpty()) {
            throw failure;
        }
        if (failure.status() == 503) {
            return progress(Reply.empty(204), left.get());
        }
        throw failure.header("Location", location(append.id()));
    }

    private ResumableRequest announced(ApiRequest request) {
        HttpCall call = request.call();
        if (call.header("Upload-Defer-Length").isPresent()) {
            throw new Problem(
                    400, "bad-upload", "Upload-Defer-Length is not supported; send Upload-Length; nothing was done");
        }
        long length = TusHeaders.bytes(call, TusHeaders.LENGTH);
        if (length > config.documents().source().maxSizeBytes()) {
            throw new Problem(
                    413,
                    "too-large",
                    "the document has " + length + " bytes, saga.file.max-size allows "
                            + config.documents().source().maxSizeBytes() + "; nothing was done");
        }
        Map<String, String> metadata = TusHeaders.metadata(call);
        Optional<SecurityLabel> label =
                labels.of(metadata.get("owner"), metadata.get("classification"), request.caller());
        return new ResumableRequest(
                new Uploader(sender(request), request.caller().access(), labels.orUsual(label)),
                DocumentName.checked(metadata.getOrDefault("filename", "")),
                length,
                sha256(metadata),
                call.header(TusHeaders.METADATA).orElse(""));
    }

    private static Optional<String> sha256(Map<String, String> metadata) {
        Optional<String> sha256 = Optional.ofNullable(metadata.get("sha256")).map(hex -> hex.toLowerCase(Locale.ROOT));
        sha256.filter(hex -> !hex.matches("[0-9a-f]{64}")).ifPresent(wrong -> {
            throw new Problem(
                    400, "bad-metadata", "the metadata sha256 must be 64 hexadecimal digits; nothing was done");
        });
        return sha256;
    }

    private String register(ResumableRequest announced) {
        Optional<String> id;
        try {
            id = uploads.create(announced);
        } catch (RuntimeException e) {
            throw IngestDispatcher.Accepted.failed(e);
        }
        return id.orElseThrow(() -> new Problem(
                429,
                "too-many-open-uploads",
                "this sender has " + config.endpoints().http().uploads().maxOpen()
                        + " incomplete uploads (saga.http.uploads.max-open); complete or delete one; nothing was"
                        + " done"));
    }

    /** {@code HEAD /api/uploads/{id}}. */
    Reply head(ApiRequest request) throws IOException {
        Progress progress = find(request);
        if (!progress.isAccepted() && progress.offset() == progress.lengthBytes()) {
            // The answer to its last request was lost, and maybe its process.
            requireAvailable.run();
            requests.finish(progress.id(), sender(request), request.trace());
            progress = find(request);
        }
        return progress(Reply.empty(200), progress);
    }

    private Progress find(ApiRequest request) {
        return uploads.find(request.id(RESOURCE), sender(request)).orElseThrow(() -> request.missing(RESOURCE));
    }

    private Reply progress(Reply reply, Progress progress) {
        reply.header(TusHeaders.OFFSET, Long.toString(progress.offset()))
                .header(TusHeaders.LENGTH, Long.toString(progress.lengthBytes()));
        if (!progress.metadata().isEmpty()) {
            reply.header(TusHeaders.METADATA, progress.metadata());
        }
        return progress.expiresAt()
                .map(end -> reply.header(TusHeaders.EXPIRES, httpDate(end)))
                .orElseGet(() -> reply.header(UploadRequests.SAGA, UploadRequests.location(config, progress.id())));
    }

    static String httpDate(Instant time) {
        return HTTP_DATE.format(time);
    }

    /** {@code PATCH /api/uploads/{id}}. */
    Reply patch(ApiRequest request) throws IOException {
        TusHeaders.requireBodyType(request.call());
        long offset = TusHeaders.bytes(request.call(), TusHeaders.OFFSET);
        Optional<TusHeaders.Checksum> checksum = TusHeaders.checksum(request.call());
        Progress progress = find(request);
        if (progress.isAccepted()) {
            UploadRequests.requireOffset(offset, progress.offset());
            return progress(Reply.empty(204), progress);
        }
        requireAvailable.run();
        return requests.append(request, new UploadRequests.Append(progress.id(), sender(request), offset, checksum));
    }

    /** {@code DELETE /api/uploads/{id}}. */
    Reply delete(ApiRequest request) {
        if (!uploads.terminate(request.id(RESOURCE), sender(request))) {
            throw request.missing(RESOURCE);
        }
        return Reply.empty(204);
    }

    /** {@code POST /api/uploads/{id}} for clients that can send no other method. */
    Reply override(ApiRequest request) throws IOException {
        String method = request.call().header("X-HTTP-Method-Override").orElse("");
        return switch (method) {
            case "PATCH" -> patch(request);
            case "HEAD" -> head(request);
            case "DELETE" -> delete(request);
            default ->
                throw new Problem(
                                405,
                                "wrong-method",
                                "POST needs X-HTTP-Method-Override: PATCH, HEAD or DELETE here; nothing was done")
                        .header("Allow", "HEAD, PATCH, DELETE");
        };
    }
}
