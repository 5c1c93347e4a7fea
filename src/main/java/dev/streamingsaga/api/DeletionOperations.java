package dev.streamingsaga.api;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.operations.DeletionNotPossibleException;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.operations.UnknownDocumentException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Deletes documents, and answers for those that are deleted. */
final class DeletionOperations {
    private static final String ANONYMOUS = "anonymous";
    private static final ObjectReader JSON = new ObjectMapper()
            .readerFor(Request.class)
            .with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .with(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private final SagaConfig config;
    private final SagaOperator operator;

    DeletionOperations(ApiDependencies parts) {
        this.config = parts.config();
        this.operator = parts.operator();
    }

    private record Request(@Nullable String reason) {}

    /**
     * {@code DELETE /api/documents/{id}?reason=} or with the body {@code {"reason"}}: 202 while the document is being
     * removed, 200 once every store was asked to. Waits if the request has {@code Prefer: wait=N}. Repeating it has no
     * effect.
     */
    Reply delete(ApiRequest request) throws IOException, InterruptedException {
        String documentId = request.id("document");
        String reason = reason(request);
        String requestedBy =
                request.caller().name().isEmpty() ? ANONYMOUS : request.caller().name();
        try {
            SagaOperator caller = request.as(operator);
            Deletion deletion = caller.delete(documentId, reason, requestedBy);
            deletion = caller.awaitDeletion(deletion, Duration.ofSeconds(IngestOperations.wait(request.call())));
            return Reply.json(deletion.state().isFinal() ? 200 : 202, caller.view(deletion))
                    .header("Location", location(deletion));
        } catch (UnknownDocumentException e) {
            throw request.missing("document");
        } catch (DeletionNotPossibleException e) {
            throw new Problem(409, "not-deletable", String.valueOf(e.getMessage()));
        }
    }

    private static String reason(ApiRequest request) throws IOException {
        Optional<String> parameter = Query.of(request.call(), "reason").text("reason");
        String reason = parameter.isPresent()
                ? parameter.get()
                : request.call().header("Content-Type").isEmpty()
                        ? ""
                        : JsonBody.<Request>json(request.call(), JSON).reason();
        if (reason == null || reason.isBlank() || reason.length() > SagaOperator.MAX_REASON) {
            throw new Problem(
                    400,
                    "no-reason",
                    "a deletion needs a reason of 1 to " + SagaOperator.MAX_REASON
                            + " characters, which its tombstone keeps: send ?reason=… or the body {\"reason\": \"…\"};"
                            + " nothing was deleted");
        }
        return reason;
    }

    private String location(Deletion deletion) {
        return config.endpoints().http().path() + "/api/sagas/"
                + deletion.versions().get(0).sagaId();
    }

    /** 410 with the tombstone if the document was deleted, otherwise 404. */
    Problem missing(ApiRequest request) {
        return request.as(operator)
                .findDeletion(request.id("document"))
                .map(deletion -> new Problem(
                                410,
                                "deleted",
                                "document " + deletion.documentId() + " was deleted on " + deletion.requestedAt() + ": "
                                        + deletion.reason())
                        .with("deletion", operator.view(deletion)))
                .orElseGet(() -> request.missing("document"));
    }
}
