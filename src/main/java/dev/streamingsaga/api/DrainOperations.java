package dev.streamingsaga.api;

import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.operations.DrainProgress;
import dev.streamingsaga.operations.SagaOperator;

/** Takes this instance out of work. */
final class DrainOperations {
    private final SagaOperator operator;

    DrainOperations(SagaOperator operator) {
        this.operator = operator;
    }

    /** {@code POST /api/drain}: 202 while it drains, 200 when it has drained. Repeating it changes nothing. */
    Reply begin(ApiRequest request) {
        Query.of(request.call());
        DrainProgress progress = request.as(operator).drain();
        return Reply.json(progress.state() == DrainProgress.State.DRAINED ? 200 : 202, progress);
    }

    /** {@code GET /api/drain} */
    Reply progress(ApiRequest request) {
        Query.of(request.call());
        return Reply.json(200, operator.drainProgress());
    }
}
