package dev.streamingsaga.api;

import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.encryption.KeyException;
import dev.streamingsaga.encryption.KeyServiceUnavailableException;
import dev.streamingsaga.operations.EncryptionOffException;
import dev.streamingsaga.operations.KeyOperator;
import dev.streamingsaga.operations.SagaOperator;
import java.util.function.Supplier;

/** The key encryption keys. */
final class KeyOperations {
    private static final String DRY_RUN = "dryRun";

    private final SagaOperator operator;

    KeyOperations(SagaOperator operator) {
        this.operator = operator;
    }

    /** {@code GET /api/keys} */
    Reply report(ApiRequest request) {
        Query.of(request.call());
        return Reply.json(200, answer(keys(request)::report));
    }

    /** {@code POST /api/keys/rotate?dryRun=}: 202, it runs in the background; with dryRun 200. */
    Reply rotate(ApiRequest request) {
        if (Query.of(request.call(), DRY_RUN).flag(DRY_RUN)) {
            return Reply.json(200, answer(keys(request)::previewRotation));
        }
        return Reply.json(202, answer(keys(request)::rotate));
    }

    /** {@code GET /api/keys/rotate} */
    Reply progress(ApiRequest request) {
        Query.of(request.call());
        return Reply.json(200, keys(request).progress());
    }

    private KeyOperator keys(ApiRequest request) {
        return request.as(operator).keys();
    }

    private static <T> T answer(Supplier<T> operation) {
        try {
            return operation.get();
        } catch (EncryptionOffException e) {
            throw new Problem(409, "encryption-off", String.valueOf(e.getMessage()), e);
        } catch (KeyServiceUnavailableException e) {
            throw new Problem(503, "key-service-unavailable", e.getMessage() + "; nothing was done", e)
                    .header("Retry-After", "5");
        } catch (KeyException e) {
            throw new Problem(409, "key-unusable", e.getMessage() + "; nothing was done", e);
        }
    }
}
