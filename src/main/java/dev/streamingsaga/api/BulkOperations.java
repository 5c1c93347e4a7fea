package dev.streamingsaga.api;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.journal.CleanupQuery;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.operations.BulkOutcome;
import dev.streamingsaga.operations.SagaOperator;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Commands for all sagas or clean-up entries that a query selects. */
final class BulkOperations {
    static final int MAX_LIMIT = 1000;
    private static final int SHOWN_REFUSALS = 20;
    private static final ObjectReader JSON = new ObjectMapper()
            .readerFor(Request.class)
            .with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .with(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private final SagaOperator operator;

    BulkOperations(ApiDependencies parts) {
        this.operator = parts.operator();
    }

    /**
     * @param dryRun whether to count only
     * @param limit maximum number of sagas or entries
     */
    private record Request(
            @Nullable String action,
            @Nullable String reason,
            boolean dryRun,
            @Nullable Integer limit) {

        int checkedLimit() {
            int value = limit == null ? MAX_LIMIT : limit;
            if (value < 1 || value > MAX_LIMIT) {
                throw new Problem(400, "bad-json", "limit must be 1 to " + MAX_LIMIT + ", was " + value);
            }
            return value;
        }
    }

    /** What happens to all that is selected. */
    private enum CleanupAction {
        RETRY,
        RESOLVE
    }

    /** {@code POST /api/bulk/sagas?…} with {@code {"action","dryRun","limit"}}; selects as the list of sagas does. */
    Reply sagas(ApiRequest request) throws IOException {
        SagaQuery query = SagaQueries.of(Query.of(request.call(), SagaQueries.parameters()));
        Request wanted = JsonBody.json(request.call(), JSON);
        SagaOperator permitted = request.as(operator);
        OperatorCommand command = action(wanted, OperatorCommand.values());
        return reply(
                wanted,
                limit -> wanted.dryRun()
                        ? permitted.previewAll(command, query, limit)
                        : permitted.requestAll(command, query, limit));
    }

    /** {@code POST /api/bulk/cleanups?…} with {@code {"action","reason","dryRun","limit"}}. */
    Reply cleanups(ApiRequest request) throws IOException {
        CleanupQuery query = CleanupQueries.open(Query.of(request.call(), CleanupQueries.FILTER));
        Request wanted = JsonBody.json(request.call(), JSON);
        SagaOperator permitted = request.as(operator);
        CleanupAction action = action(wanted, CleanupAction.values());
        if (wanted.dryRun()) {
            return reply(wanted, limit -> permitted.previewCleanups(query, limit));
        }
        if (action == CleanupAction.RETRY) {
            return reply(wanted, limit -> permitted.retryCleanups(query, limit));
        }
        String reason = OperatorReason.of(wanted.reason(), request.caller());
        return reply(wanted, limit -> permitted.resolveCleanups(query, reason, limit));
    }

    private static <E extends Enum<E>> E action(Request wanted, E[] actions) {
        String word = wanted.action() == null ? "" : wanted.action();
        return SagaQueries.constant("action", actions, word.toUpperCase(Locale.ROOT));
    }

    private static Reply reply(Request wanted, IntFunction<BulkOutcome> operation) {
        BulkOutcome outcome = operation.apply(wanted.checkedLimit());
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("dryRun", wanted.dryRun());
        view.put("requested", outcome.requested());
        view.put("refused", outcome.refusals().size());
        view.put("refusals", outcome.refusals().stream().limit(SHOWN_REFUSALS).toList());
        view.put("more", outcome.more());
        return Reply.json(wanted.dryRun() ? 200 : 202, view);
    }
}
