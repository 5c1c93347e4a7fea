package dev.streamingsaga.api;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.config.DocumentConfig.Duplicates;
import dev.streamingsaga.config.EndpointConfig.Staging;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.intake.BodyAbortedException;
import dev.streamingsaga.intake.BodyKey;
import dev.streamingsaga.intake.DocumentName;
import dev.streamingsaga.intake.LabelledSender;
import dev.streamingsaga.intake.PathRoots;
import dev.streamingsaga.intake.UploadSpool;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.upload.BodyUpload;
import dev.streamingsaga.upload.Uploader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ingests documents: a request body, or a file on this machine by its path. */
final class IngestOperations {
    private static final Logger LOG = LoggerFactory.getLogger(IngestOperations.class);
    private static final Pattern WAIT = Pattern.compile("(?:^|[,;\\s])wait=(\\d{1,9})(?:$|[,;\\s])");
    private static final int MAX_WAIT_SECONDS = 600;
    private static final ObjectReader JSON = new ObjectMapper()
            .readerFor(PathRequest.class)
            .with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .with(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private final SagaConfig config;
    private final SagaOperator operator;
    private final IngestDispatcher dispatcher;
    private final UploadSpool spool;
    private final UploadSlots uploads;
    private final StagedDocuments staged;
    private final DocumentLabels labels;
    /** Held while conditions are checked and until the journal has the saga, so that only one of two requests wins. */
    private final Object conditionLock = new Object();

    private volatile boolean refusing;

    IngestOperations(ApiDependencies parts, IngestDispatcher dispatcher, UploadSlots uploads) {
        this.config = parts.config();
        this.operator = parts.operator();
        this.dispatcher = dispatcher;
        this.spool = parts.spool();
        this.uploads = uploads;
        this.staged = new StagedDocuments(parts.uploads(), uploads);
        this.labels = new DocumentLabels(config.documents().security().label());
    }

    DocumentLabels labels() {
        return labels;
    }

    private record PathRequest(
            @Nullable String path,
            @Nullable String owner,
            @Nullable String classification) {}

    /** From now on, documents get 503 before they are read. */
    void refuse() {
        refusing = true;
    }

    /** @throws Problem 503 if the service is stopping, or something that a saga needs is known to be down */
    void requireAvailable() {
        if (refusing) {
            throw Responder.stopping();
        }
        operator.down().stream().findFirst().ifPresent(down -> {
            throw new Problem(
                            503,
                            "dependency-down",
                            "the " + down.outage().dependency().label() + " has been down since " + down.since()
                                    + "; nothing was read, send the request again later")
                    .header("Retry-After", "15");
        });
    }

    /** {@code PUT /api/documents/{name}}. */
    Reply put(ApiRequest request) throws IOException, InterruptedException {
        Query.of(request.call());
        requireAvailable();
        String name = DocumentName.checked(request.variables().getOrDefault("name", ""));
        JsonBody.requirePlain(request.call());
        if (request.call().header("Content-Range").isPresent()) {
            throw new Problem(
                    400,
                    "partial-body",
                    "a part of a document cannot be stored; send all of it, without Content-Range");
        }
        BodyDigests digests = BodyDigests.of(request.call());
        Optional<SecurityLabel> label = labels.of(request.call(), request.caller());
        Uploader uploader =
                new Uploader("http:" + request.caller().name(), request.caller().access(), labels.orUsual(label));
        String sender = uploader.sender();
        requireConditions(request, sender, name);
        long wait = wait(request.call());
        if (config.endpoints().http().uploads().staging() == Staging.BUCKET) {
            return putIntoBucket(request, new StagedDocuments.Body(name, uploader, digests), wait);
        }
        spool.requireRoom(length(request.call()));
        dispatcher.acquire();
        boolean submitted = false;
        Optional<UploadSpool.ReceivedBody> unclaimed = Optional.empty();
        try {
            UploadSpool.ReceivedBody body = receive(request.call(), digests);
            unclaimed = Optional.of(body);
            String labelled = LabelledSender.of(request.caller().name(), uploader.label(), labels.usual());
            BodyKey key = spool.key(body, labelled, name);
            Path path = spool.path(key);
            Optional<Reply> known = alreadyStored(request, key, body);
            if (known.isPresent()) {
                return known.get();
            }
            IngestDispatcher.IngestSource source = new IngestDispatcher.IngestSource(
                    path,
                    name,
                    Optional.of(sender),
                    Optional.of(key),
                    Optional.of(body),
                    request.caller().access(),
                    label);
            if (!EntityTags.isConditional(request.call())) {
                spool.claim(body, path);
                unclaimed = Optional.empty();
                submitted = true;
                return answer(submit(source, request), wait);
            }
            IngestDispatcher.Accepted accepted;
            synchronized (conditionLock) {
                requireConditions(request, sender, name);
                spool.claim(body, path);
                unclaimed = Optional.empty();
                submitted = true;
                accepted = submit(source, request);
                accepted.awaitSagaId();
            }
            return answer(accepted, wait);
        } finally {
            if (unclaimed.isPresent()) {
                spool.drop(unclaimed.get());
            }
            if (!submitted) {
                dispatcher.release();
            }
        }
    }

    /** As {@link #put}, without a copy on this host's disk. */
    private Reply putIntoBucket(ApiRequest request, StagedDocuments.Body body, long wait)
            throws IOException, InterruptedException {
        dispatcher.acquire();
        boolean submitted = false;
        try {
            BodyUpload.Completion completion = EntityTags.isConditional(request.call())
                    ? staged.receive(request, body, complete -> {
                        synchronized (conditionLock) {
                            requireConditions(request, body.uploader().sender(), body.name());
                            return complete.get();
                        }
                    })
                    : staged.receive(request, body, Supplier::get);
            if (completion.accepted().isEmpty()) {
                return known(completion.saga(), wait);
            }
            submitted = true;
            return answer(dispatcher.submit(completion.accepted().get(), request.trace()), wait);
        } finally {
            if (!submitted) {
                dispatcher.release();
            }
        }
    }

    /** The answer if another saga has the same content. */
    private Reply known(SagaRecord saga, long wait) throws InterruptedException {
        if (saga.state().isFinal()) {
            if (config.documents().source().duplicates() == Duplicates.REJECT) {
                throw duplicate(saga);
            }
            return outcome(operator.result(saga.sagaId()));
        }
        return operator.outcome(saga.sagaId(), Duration.ofSeconds(wait))
                .result()
                .map(this::outcome)
                .orElseGet(() -> accepted(saga.sagaId()));
    }

    private IngestDispatcher.Accepted submit(IngestDispatcher.IngestSource source, ApiRequest request) {
        return dispatcher.submit(source, request.trace(), () -> spool.release(source.file()));
    }

    /**
     * Checks {@code If-Match} and {@code If-None-Match} against the newest document that this sender stored under this
     * name. Fails as well while such a document is being stored, since its outcome is not known yet.
     *
     * @throws Problem 412
     */
    private void requireConditions(ApiRequest request, String sender, String name) {
        HttpCall call = request.call();
        SagaOperator permitted = request.as(operator);
        if (!EntityTags.isConditional(call)) {
            return;
        }
        Optional<String> current = permitted
                .findStored(sender, name)
                .flatMap(SagaRecord::document)
                .map(document -> EntityTags.of(document.sha256()));
        EntityTags.requireMatch(call, current);
        if (EntityTags.isKnown(call, current)) {
            throw EntityTags.failed(current, "If-None-Match requires that there is none of this name");
        }
        permitted.findUnfinished(sender, name).ifPresent(saga -> {
            throw new Problem(
                            412,
                            "precondition-failed",
                            "a document of this name is being stored, in saga " + saga.sagaId()
                                    + "; nothing was kept, try again when that saga has its outcome")
                    .with("sagaId", saga.sagaId());
        });
    }

    /** Content-Length; 0 if there is none, as with a chunked body. */
    static long length(HttpCall call) {
        String length = call.header("Content-Length").orElse("0");
        if (!length.matches("\\d{1,18}")) {
            throw new Problem(
                    400, "bad-length", "Content-Length must be a number of bytes, was " + RequestText.shown(length));
        }
        return Long.parseLong(length);
    }

    /** @return seconds to wait for the outcome: the preference of the client, limited to 600 */
    static long wait(HttpCall call) {
        Matcher wait = WAIT.matcher(call.header("Prefer").orElse(""));
        return wait.find() ? Math.min(MAX_WAIT_SECONDS, Long.parseLong(wait.group(1))) : 0;
    }

    static Problem cutOff(BodyAbortedException e) {
        return new Problem(400, "cut-off", e.getMessage() + "; nothing was kept, send it again", e);
    }

    /** @throws Problem 400 if the body is shorter than announced */
    static void requireLength(HttpCall call, long received) {
        long declared = length(call);
        if (declared > 0 && declared != received) {
            throw new Problem(
                    400,
                    "cut-off",
                    "the body has " + received + " of " + declared + " bytes; nothing was kept, send it again");
        }
    }

    private UploadSpool.ReceivedBody receive(HttpCall call, BodyDigests digests) throws IOException {
        uploads.acquire();
        try {
            UploadSpool.ReceivedBody body = spool.receive(digests.watch(call.body()));
            try {
                requireLength(call, body.sizeBytes());
                digests.check(body.sha256());
            } catch (Problem mismatch) {
                spool.drop(body);
                throw mismatch;
            }
            return body;
        } catch (BodyAbortedException e) {
            throw cutOff(e);
        } finally {
            uploads.release();
        }
    }

    /** Handles a duplicate (same sender, name and bytes) as {@code saga.duplicates} says. */
    private Optional<Reply> alreadyStored(ApiRequest request, BodyKey key, UploadSpool.ReceivedBody body) {
        Optional<SagaRecord> known = config.documents().source().duplicates() == Duplicates.VERSION
                ? Optional.empty()
                : request.as(operator).findDocument(key.toString(), body.sha256());
        if (known.isPresent() && config.documents().source().duplicates() == Duplicates.REJECT) {
            throw duplicate(known.get());
        }
        return known.map(saga -> outcome(operator.result(saga.sagaId())));
    }

    static Problem duplicate(SagaRecord saga) {
        return new Problem(
                        409,
                        "duplicate",
                        "the same content is already stored under this name (saga.duplicates=reject);"
                                + " nothing was kept")
                .with("sagaId", saga.sagaId())
                .with("documentId", saga.document().orElseThrow().documentId());
    }

    /** {@code POST /api/documents}. */
    Reply post(ApiRequest request) throws IOException, InterruptedException {
        Query.of(request.call());
        if (config.endpoints().http().roots().isEmpty()) {
            throw new Problem(
                    403,
                    "no-roots",
                    "files of this machine are not accepted, since saga.http.roots is empty; PUT the content instead");
        }
        PathRequest body = JsonBody.json(request.call(), JSON);
        if (body.path() == null) {
            throw new Problem(400, "bad-json", "the body must be {\"path\": \"/absolute/path\"}");
        }
        Optional<SecurityLabel> label = labels.of(body.owner(), body.classification(), request.caller());
        requireAvailable();
        Path file = new PathRoots("saga.http.roots", config.endpoints().http().roots()).resolve(body.path());
        long wait = wait(request.call());
        dispatcher.acquire();
        IngestDispatcher.IngestSource source = new IngestDispatcher.IngestSource(
                file,
                String.valueOf(file.getFileName()),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                request.caller().access(),
                label);
        return answer(dispatcher.submit(source, request.trace(), () -> {}), wait);
    }

    private Reply answer(IngestDispatcher.Accepted accepted, long wait) throws InterruptedException {
        String sagaId = accepted.awaitSagaId();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(wait);
        Optional<IngestResult> outcome = wait == 0 ? Optional.empty() : accepted.await(wait);
        if (outcome.isPresent() && !outcome.get().status().equals(SagaState.COMPLETED.name())) {
            // The document may be delivered again: then that attempt has the outcome.
            outcome = operator.outcome(outcome.get().sagaId(), Duration.ofNanos(Math.max(0, end - System.nanoTime())))
                    .result();
        }
        if (outcome.isPresent()) {
            return outcome(outcome.get()).header("Preference-Applied", "wait=" + wait);
        }
        return accepted(sagaId);
    }

    private Reply accepted(String sagaId) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("sagaId", sagaId);
        state(sagaId).ifPresent(state -> body.put("state", state.name()));
        return Reply.json(202, body).header("Location", location(sagaId));
    }

    /**
     * Empty if the journal cannot be queried. That may also be why there is no outcome; the saga is accepted all the
     * same.
     */
    private Optional<SagaState> state(String sagaId) {
        try {
            return operator.findSaga(sagaId).map(SagaRecord::state);
        } catch (RuntimeException e) {
            LOG.warn("saga {} was accepted, but its state cannot be read now ({})", sagaId, e.toString());
            return Optional.empty();
        }
    }

    private Reply outcome(IngestResult result) {
        Reply reply = Reply.json(200, result).header("Location", location(result.sagaId()));
        String sha256 = result.sha256();
        return sha256 != null && result.status().equals("COMPLETED")
                ? reply.header("ETag", EntityTags.of(sha256))
                : reply;
    }

    private String location(String sagaId) {
        return config.endpoints().http().path() + "/api/sagas/" + sagaId;
    }
}
