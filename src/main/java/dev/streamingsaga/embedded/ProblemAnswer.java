package dev.streamingsaga.embedded;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An error response of the server itself, as {@code application/problem+json}. The connection is closed after it.
 *
 * @param type problem type without its prefix, for programs
 */
record ProblemAnswer(int status, String type, String detail) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TYPE = "application/problem+json";

    private String json() {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("type", "urn:streaming-saga:" + type);
        body.put("title", HttpResponseStatus.valueOf(status).reasonPhrase());
        body.put("status", status);
        body.put("detail", detail);
        try {
            return JSON.writeValueAsString(body);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("texts and numbers are always JSON", e);
        }
    }

    /** Sends the response and ends the request. */
    Future<Void> send(HttpServerResponse response) {
        return response.setStatusCode(status)
                .putHeader("Content-Type", TYPE)
                .putHeader("Connection", "close")
                .end(json());
    }

    /** The response for a connection without a decoded request. */
    FullHttpResponse message() {
        byte[] body = json().getBytes(StandardCharsets.UTF_8);
        FullHttpResponse message = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), Unpooled.wrappedBuffer(body));
        message.headers().set("Content-Type", TYPE).set("Connection", "close").set("Content-Length", body.length);
        return message;
    }
}
