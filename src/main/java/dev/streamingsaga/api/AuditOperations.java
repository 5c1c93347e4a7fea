package dev.streamingsaga.api;

import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.audit.AuditEntry;
import dev.streamingsaga.audit.AuditFilter;
import dev.streamingsaga.operations.SagaOperator;
import java.util.List;
import java.util.Map;

/** Reads the audit log. */
final class AuditOperations {
    private static final int MAX_LIMIT = 1000;

    private final SagaOperator operator;

    AuditOperations(SagaOperator operator) {
        this.operator = operator;
    }

    /**
     * {@code GET /api/audit?document=&actor=&action=&since=&before=&limit=}, newest first; the header {@code Link} has
     * the next page.
     */
    Reply list(ApiRequest request) {
        Query query = Query.of(request.call(), "document", "actor", "action", "since", "before", "limit");
        AuditFilter filter = new AuditFilter(
                query.text("document"),
                query.text("actor"),
                query.text("action").map(word -> SagaQueries.constant("action", AuditAction.values(), word)),
                query.text("since").map(value -> SagaQueries.time("since", value)));
        int limit = query.number("limit", 100, MAX_LIMIT);
        List<AuditEntry> entries = request.as(operator).audit(filter, before(query), limit);
        Reply reply = Reply.json(
                200, Map.of("entries", entries.stream().map(AuditEntry::fields).toList()));
        if (entries.size() == limit) {
            long next = entries.get(limit - 1).sequence();
            reply.header("Link", "<?" + query.with("before", Long.toString(next)) + ">; rel=\"next\"");
        }
        return reply;
    }

    private static long before(Query query) {
        String text = query.text("before").orElse("0");
        if (!text.matches("\\d{1,18}")) {
            throw new Problem(
                    400, "bad-parameter", "before must be the sequence of an entry, was " + RequestText.shown(text));
        }
        return Long.parseLong(text);
    }
}
