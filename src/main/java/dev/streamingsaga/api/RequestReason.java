package dev.streamingsaga.api;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.operations.SagaOperator;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Why something is requested that the journal remembers, and by whom. */
final class RequestReason {
    private static final String ANONYMOUS = "anonymous";
    private static final ObjectReader JSON = reader(Body.class);

    private RequestReason() {}

    private record Body(@Nullable String reason) {}

    static ObjectReader reader(Class<?> type) {
        return new ObjectMapper()
                .readerFor(type)
                .with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .with(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
    }

    static String by(ApiRequest request) {
        return request.caller().name().isEmpty() ? ANONYMOUS : request.caller().name();
    }

    /**
     * From the parameter or the body.
     *
     * @param what needs the reason, with its article
     * @throws Problem 400 if there is none
     */
    static String of(ApiRequest request, String what) throws IOException {
        Optional<String> parameter = Query.of(request.call(), "reason").text("reason");
        String reason = parameter.isPresent()
                ? parameter.get()
                : request.call().header("Content-Type").isEmpty()
                        ? ""
                        : JsonBody.<Body>json(request.call(), JSON).reason();
        return checked(reason, what, "send ?reason=… or the body {\"reason\": \"…\"}");
    }

    static String checked(@Nullable String reason, String what, String how) {
        if (reason == null || reason.isBlank() || reason.length() > SagaOperator.MAX_REASON) {
            throw new Problem(
                    400,
                    "no-reason",
                    what + " needs a reason of 1 to " + SagaOperator.MAX_REASON
                            + " characters, which the journal keeps: " + how + "; nothing was changed");
        }
        return reason;
    }
}
