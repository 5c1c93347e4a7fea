package dev.streamingsaga.api;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.streamingsaga.api.Operation.Request;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.SagaConfig.Duplicates;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.intake.BodyAbortedException;
import dev.streamingsaga.intake.DocumentName;
import dev.streamingsaga.intake.PathRoots;
import dev.streamingsaga.intake.UploadSpool;
import dev.streamingsaga.journal.Ids;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Documents in: a body, or the path of a file on this machine. */
final class IngestOperations {
    private static final Logger LOG = LoggerFactory.getLogger(IngestOperations.class);
    private static final Pattern WAIT = Pattern.compile("(?:^|[,;\\s])wait=(\\d{1,9})(?:$|[,;\\s])");
    private static final int LONGEST_WAIT_SECONDS = 600;
    private static final ObjectReader JSON = new ObjectMapper()
            .readerFor(PathRequest.class)
            .with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .with(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private final SagaConfig config;
    private final Journal journal;
    private final Ingest ingest;
    private final IngestDispatcher intake;
    private final UploadSpool spool;
    private final Semaphore uploads;
    /** Held from the last look at what is there until the journal has the saga: only one of two is the first. */
    private final Object conditional = new Object();

    IngestOperations(ApiDependencies parts, IngestDispatcher intake, UploadSpool spool) {
        this.config = parts.config();
        this.journal = parts.journal();
        this.ingest = parts.ingest();
        this.intake = intake;
        this.spool = spool;
        this.uploads = new Semaphore(config.http().limits().uploads());
    }

    private record PathRequest(@Nullable String path) {}

    /** {@code PUT /api/documents/{name}}. */
    Reply put(Request request) throws IOException, InterruptedException {
        Query.of(request.call());
        String name = DocumentName.checked(request.variables().getOrDefault("name", ""));
        JsonBody.requirePlain(request.call());
        if (request.call().header("Content-Range").isPresent()) {
            throw new Problem(
                    400, "partial-body", "a part of a document cannot be put; send all of it, without Content-Range");
        }
        BodyDigests digests = BodyDigests.of(request.call());
        String sender = "http:" + request.caller().name();
        requireConditions(request.call(), sender, name);
        long wait = wait(request.call());
        spool.requireRoom(length(request.call()));
        intake.acquire();
        boolean submitted = false;
        Optional<UploadSpool.ReceivedBody> unclaimed = Optional.empty();
        try {
            UploadSpool.ReceivedBody body = receive(request.call(), digests);
            unclaimed = Optional.of(body);
            Path place = spool.store(body, request.caller().name(), name);
            Optional<Reply> known = alreadyStored(place, body);
            if (known.isPresent()) {
                return known.get();
            }
            IngestDispatcher.Source source = new IngestDispatcher.Source(place, name, Optional.of(sender));
            if (!EntityTags.isConditional(request.call())) {
                spool.claim(body, place);
                unclaimed = Optional.empty();
                submitted = true;
                return answer(submit(source, request), wait);
            }
            IngestDispatcher.Accepted accepted;
            synchronized (conditional) {
                requireConditions(request.call(), sender, name);
                spool.claim(body, place);
                unclaimed = Optional.empty();
                submitted = true;
                accepted = submit(source, request);
                accepted.known();
            }
            return answer(accepted, wait);
        } finally {
            if (unclaimed.isPresent()) {
                spool.drop(unclaimed.get());
            }
            if (!submitted) {
                intake.release();
            }
        }
    }

    private IngestDispatcher.Accepted submit(IngestDispatcher.Source source, Request request) {
        return intake.submit(source, request.trace(), () -> spool.release(source.file()));
    }

    /**
     * {@code If-Match} and {@code If-None-Match} are about the newest document that this sender stored under this name.
     * One that is being stored counts as well: nobody knows yet whether it will be there.
     *
     * @throws Problem 412
     */
    private void requireConditions(HttpCall call, String sender, String name) {
        if (!EntityTags.isConditional(call)) {
            return;
        }
        Optional<String> current = journal.stored(sender, name)
                .flatMap(SagaRecord::document)
                .map(document -> EntityTags.of(document.sha256()));
        EntityTags.requireMatch(call, current);
        if (EntityTags.isKnown(call, current)) {
            throw EntityTags.failed(current, "If-None-Match wants none of this name");
        }
        journal.underWay(sender, name).ifPresent(saga -> {
            throw new Problem(
                            412,
                            "precondition-failed",
                            "a document of this name is being stored, in saga " + saga.sagaId()
                                    + "; nothing was kept, ask again when it has its outcome")
                    .with("sagaId", saga.sagaId());
        });
    }

    /** 0 if the client said nothing: a chunked body. */
    private static long length(HttpCall call) {
        String length = call.header("Content-Length").orElse("0");
        if (!length.matches("\\d{1,18}")) {
            throw new Problem(
                    400, "bad-length", "Content-Length must be a number of bytes, was " + RequestText.shown(length));
        }
        return Long.parseLong(length);
    }

    /** @return seconds that the client wants to wait for the outcome, and may */
    static long wait(HttpCall call) {
        Matcher wait = WAIT.matcher(call.header("Prefer").orElse(""));
        return wait.find() ? Math.min(LONGEST_WAIT_SECONDS, Long.parseLong(wait.group(1))) : 0;
    }

    private UploadSpool.ReceivedBody receive(HttpCall call, BodyDigests digests) throws IOException {
        if (!uploads.tryAcquire()) {
            throw new Problem(
                            429,
                            "too-many-uploads",
                            config.http().limits().uploads()
                                    + " uploads are under way (saga.http.max-uploads); nothing was read, try again later")
                    .header("Retry-After", "5");
        }
        try {
            UploadSpool.ReceivedBody body = spool.receive(digests.watch(call.body()));
            long announced = length(call);
            if (announced > 0 && announced != body.sizeBytes()) {
                spool.drop(body);
                throw new Problem(
                        400,
                        "cut-off",
                        "the body has " + body.sizeBytes() + " of " + announced + " bytes; nothing was kept");
            }
            try {
                digests.check(body.sha256());
            } catch (Problem wrong) {
                spool.drop(body);
                throw wrong;
            }
            return body;
        } catch (BodyAbortedException e) {
            throw new Problem(400, "cut-off", e.getMessage() + "; nothing was kept, send it again", e);
        } finally {
            uploads.release();
        }
    }

    /** Same sender, same name, same bytes: what {@code saga.duplicates} says. */
    private Optional<Reply> alreadyStored(Path place, UploadSpool.ReceivedBody body) {
        Optional<SagaRecord> known = config.source().duplicates() == Duplicates.VERSION
                ? Optional.empty()
                : journal.document(Ids.document(place.toString(), body.sha256()));
        if (known.isPresent() && config.source().duplicates() == Duplicates.REJECT) {
            throw new Problem(
                            409,
                            "duplicate",
                            "the same content was stored under this name already (saga.duplicates=reject); nothing was kept")
                    .with("sagaId", known.get().sagaId())
                    .with("documentId", known.get().document().orElseThrow().documentId());
        }
        return known.map(saga -> outcome(ingest.result(saga.sagaId())));
    }

    /** {@code POST /api/documents}. */
    Reply post(Request request) throws IOException, InterruptedException {
        Query.of(request.call());
        if (config.http().roots().isEmpty()) {
            throw new Problem(
                    403,
                    "no-roots",
                    "files of this machine are not taken, since saga.http.roots is empty; PUT the content instead");
        }
        PathRequest wanted = JsonBody.json(request.call(), JSON);
        if (wanted.path() == null) {
            throw new Problem(400, "bad-json", "the body must be {\"path\": \"/absolute/path\"}");
        }
        Path file = new PathRoots("saga.http.roots", config.http().roots()).resolve(wanted.path());
        long wait = wait(request.call());
        intake.acquire();
        IngestDispatcher.Source source =
                new IngestDispatcher.Source(file, String.valueOf(file.getFileName()), Optional.empty());
        return answer(intake.submit(source, request.trace(), () -> {}), wait);
    }

    private Reply answer(IngestDispatcher.Accepted accepted, long wait) throws InterruptedException {
        String sagaId = accepted.known();
        Optional<IngestResult> outcome = wait == 0 ? Optional.empty() : accepted.await(wait);
        if (outcome.isPresent()) {
            return outcome(outcome.get()).header("Preference-Applied", "wait=" + wait);
        }
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("sagaId", sagaId);
        state(sagaId).ifPresent(state -> body.put("state", state.name()));
        return Reply.json(202, body).header("Location", location(sagaId));
    }

    /**
     * Empty if the journal can't be asked, which may be why there is no outcome: that the saga is accepted holds all
     * the same.
     */
    private Optional<SagaState> state(String sagaId) {
        try {
            return journal.saga(sagaId).map(SagaRecord::state);
        } catch (RuntimeException e) {
            LOG.warn("saga {} was accepted, but its state can't be told now ({})", sagaId, e.toString());
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
        return config.http().path() + "/api/sagas/" + sagaId;
    }
}
