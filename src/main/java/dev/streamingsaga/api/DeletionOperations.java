package dev.streamingsaga.api;

import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.operations.DeletionNotPossibleException;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.operations.UnknownDocumentException;
import java.io.IOException;
import java.time.Duration;

/** Deletes documents, and answers for those that are deleted. */
final class DeletionOperations {

    private final SagaConfig config;
    private final SagaOperator operator;

    DeletionOperations(ApiDependencies parts) {
        this.config = parts.config();
        this.operator = parts.operator();
    }

    /**
     * {@code DELETE /api/documents/{id}?reason=} or with the body {@code {"reason"}}: 202 while the document is being
     * removed, 200 once every store was asked to. Waits if the request has {@code Prefer: wait=N}. Repeating it has no
     * effect.
     */
    Reply delete(ApiRequest request) throws IOException, InterruptedException {
        String documentId = request.id("document");
        String reason = RequestReason.of(request, "a deletion");
        String requestedBy = RequestReason.by(request);
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
