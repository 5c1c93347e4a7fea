package dev.streamingsaga.embedded;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.LinkedHashMap;
import java.util.Map;

/** Answers requests that the router refuses before they reach a route, as {@code application/problem+json}. */
final class RouterProblems {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<Integer, String> DETAILS = Map.of(
            400, "the request has no valid Host or path; send both as HTTP/1.1 requires",
            404, "there is nothing at this path; see /api/openapi.json",
            405, "this path does not have that method; see /api/openapi.json",
            406, "the response is not available in a type that Accept allows",
            413, "the body is too large",
            415, "the media type of the body is not supported here",
            500, "the request failed; see the log of the service",
            501, "not implemented");

    private RouterProblems() {}

    static void register(Router router) {
        DETAILS.keySet().forEach(status -> router.errorHandler(status, request -> answer(request, status)));
    }

    private static void answer(RoutingContext request, int status) {
        if (request.response().ended() || request.response().headWritten()) {
            return; // the response broke off: its connection is closed
        }
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("type", "about:blank");
        body.put("title", HttpResponseStatus.valueOf(status).reasonPhrase());
        body.put("status", status);
        body.put("detail", DETAILS.get(status));
        try {
            request.response()
                    .setStatusCode(status)
                    .putHeader("Content-Type", "application/problem+json")
                    .end(JSON.writeValueAsString(body));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("texts and numbers are always JSON", e);
        }
    }
}
