package dev.streamingsaga.api;

import com.fasterxml.jackson.databind.ObjectReader;
import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.journal.LegalHold;
import dev.streamingsaga.operations.LegalHoldOperator;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.operations.UnknownDocumentException;
import dev.streamingsaga.operations.UnknownHoldException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Places, lists and releases legal holds. */
final class LegalHoldOperations {
    private static final int MAX_LIMIT = 1000;
    private static final String BODY =
            "send {\"documentId\": \"…\", \"reason\": \"…\"} or {\"owner\": \"…\", \"reason\": \"…\"}";
    private static final ObjectReader JSON = RequestReason.reader(Body.class);

    private final SagaOperator operator;

    LegalHoldOperations(SagaOperator operator) {
        this.operator = operator;
    }

    private record Body(
            @Nullable String documentId,
            @Nullable String owner,
            @Nullable String reason) {}

    /** {@code GET /api/holds?released=&before=&limit=}, newest first; the header {@code Link} has the next page. */
    Reply list(ApiRequest request) {
        Query query = Query.of(request.call(), "released", "before", "limit");
        int limit = query.number("limit", 100, MAX_LIMIT);
        List<LegalHold> holds = holds(request).list(query.text("before").orElse(""), query.flag("released"), limit);
        Reply reply = Reply.json(
                200, Map.of("holds", holds.stream().map(LegalHold::facts).toList()));
        if (holds.size() == limit) {
            reply.header(
                    "Link", "<?" + query.with("before", holds.get(limit - 1).holdId()) + ">; rel=\"next\"");
        }
        return reply;
    }

    /** {@code POST /api/holds}: 201 with the hold. */
    Reply place(ApiRequest request) throws IOException {
        Body body = JsonBody.json(request.call(), JSON);
        String reason = RequestReason.checked(body.reason(), "a legal hold", BODY);
        String by = RequestReason.by(request);
        try {
            if (body.documentId() != null && body.owner() == null) {
                return Reply.json(
                        201,
                        holds(request)
                                .placeOnDocument(body.documentId(), reason, by)
                                .facts());
            }
            if (body.owner() != null && body.documentId() == null) {
                return Reply.json(
                        201,
                        holds(request).placeOnOwner(body.owner(), reason, by).facts());
            }
        } catch (UnknownDocumentException e) {
            throw new Problem(404, "no-such-document", e.getMessage() + "; nothing was changed", e);
        } catch (IllegalArgumentException e) {
            throw new Problem(400, "bad-json", e.getMessage() + "; nothing was changed", e);
        }
        throw new Problem(
                400, "bad-json", "a legal hold is on a document or on an owner: " + BODY + "; nothing was changed");
    }

    /** {@code DELETE /api/holds/{id}?reason=} or with the body {@code {"reason"}}: 200 with the hold. */
    Reply release(ApiRequest request) throws IOException {
        String id = request.id("legal hold");
        String reason = RequestReason.of(request, "the release of a legal hold");
        try {
            return Reply.json(
                    200,
                    holds(request)
                            .release(id, reason, RequestReason.by(request))
                            .facts());
        } catch (UnknownHoldException e) {
            throw request.missing("legal hold");
        }
    }

    private LegalHoldOperator holds(ApiRequest request) {
        return request.as(operator).legalHolds();
    }
}
