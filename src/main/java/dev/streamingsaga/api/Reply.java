package dev.streamingsaga.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/** The reply to a request: status, headers and body. The sender of the reply closes the body. */
final class Reply {
    /** Length of a stream whose length is not known in advance. */
    static final long ENDLESS = -1;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final int status;
    private final InputStream body;
    private final long length;
    private final Map<String, String> headers = new LinkedHashMap<>();

    private Reply(int status, InputStream body, long length) {
        this.status = status;
        this.body = body;
        this.length = length;
        headers.put("Cache-Control", "no-store");
        headers.put("X-Content-Type-Options", "nosniff");
        headers.put("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        headers.put("Referrer-Policy", "no-referrer");
    }

    static Reply stream(int status, InputStream body, long length) {
        return new Reply(status, body, length);
    }

    static Reply bytes(int status, String contentType, byte[] body) {
        return new Reply(status, new ByteArrayInputStream(body), body.length).header("Content-Type", contentType);
    }

    static Reply empty(int status) {
        return new Reply(status, InputStream.nullInputStream(), 0);
    }

    /** Returns the reply with a changed body if the body is JSON, otherwise the same reply. */
    Reply mapJson(UnaryOperator<byte[]> change) throws IOException {
        String type = headers.getOrDefault("Content-Type", "");
        if (!type.equals("application/json") && !type.equals("application/problem+json")) {
            return this;
        }
        Reply changed = bytes(status, type, change.apply(body.readAllBytes()));
        headers.forEach(changed::header);
        return changed;
    }

    static Reply json(int status, Object body) {
        try {
            return bytes(status, "application/json", JSON.writeValueAsBytes(body));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("records and maps of text and numbers are JSON", e);
        }
    }

    /** The same reply with another status. */
    Reply as(int other) {
        Reply changed = new Reply(other, body, length);
        headers.forEach(changed::header);
        return changed;
    }

    Reply header(String name, String value) {
        headers.put(name, value);
        return this;
    }

    int status() {
        return status;
    }

    Map<String, String> headers() {
        return headers;
    }

    InputStream body() {
        return body;
    }

    long length() {
        return length;
    }

    /** A reply with status 304 has neither body nor Content-Length. */
    boolean hasBody() {
        return status != 304;
    }
}
