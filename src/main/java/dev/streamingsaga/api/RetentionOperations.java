package dev.streamingsaga.api;

import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.operations.RetentionOperator;
import dev.streamingsaga.operations.SagaOperator;

/** Passes of retention. */
final class RetentionOperations {
    private static final String DRY_RUN = "dryRun";

    private final SagaOperator operator;

    RetentionOperations(SagaOperator operator) {
        this.operator = operator;
    }

    /** {@code POST /api/retention?dryRun=}: 202, it runs in the background; with dryRun 200. */
    Reply run(ApiRequest request) {
        if (Query.of(request.call(), DRY_RUN).flag(DRY_RUN)) {
            return Reply.json(200, retention(request).preview());
        }
        return Reply.json(202, retention(request).run());
    }

    /** {@code GET /api/retention} */
    Reply progress(ApiRequest request) {
        Query.of(request.call());
        return Reply.json(200, retention(request).progress());
    }

    private RetentionOperator retention(ApiRequest request) {
        return request.as(operator).retention();
    }
}
