package dev.streamingsaga.api;

import dev.streamingsaga.intake.DocumentRefusedException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request failed or was rejected; the answer is {@code application/problem+json}. The detail says what happened, why,
 * and what to do.
 */
final class Problem extends RuntimeException {
    private static final Map<Integer, String> TITLES = Map.ofEntries(
            Map.entry(400, "Bad request"),
            Map.entry(401, "Not authenticated"),
            Map.entry(403, "Not allowed"),
            Map.entry(404, "Not found"),
            Map.entry(405, "Method not allowed"),
            Map.entry(408, "Body too slow"),
            Map.entry(409, "Conflict"),
            Map.entry(410, "Gone"),
            Map.entry(412, "Precondition failed"),
            Map.entry(413, "Too large"),
            Map.entry(415, "Unsupported media type"),
            Map.entry(416, "Range not satisfiable"),
            Map.entry(423, "Locked"),
            Map.entry(460, "Checksum mismatch"),
            Map.entry(429, "Too many requests"),
            Map.entry(500, "Failed"),
            Map.entry(502, "Storage failed"),
            Map.entry(501, "Not implemented"),
            Map.entry(503, "Service unavailable"),
            Map.entry(507, "No space left"));

    private final int status;
    private final String type;
    private final transient Map<String, String> headers = new LinkedHashMap<>();
    private final transient Map<String, Object> members = new LinkedHashMap<>();

    /** @param type a stable code for programs, such as {@code wrong-digest} */
    Problem(int status, String type, String detail) {
        this(status, type, detail, null);
    }

    Problem(int status, String type, String detail, @Nullable Throwable cause) {
        super(detail, cause);
        this.status = status;
        this.type = type;
    }

    static Problem of(DocumentRefusedException rejection) {
        int status = switch (rejection.kind()) {
            case MALFORMED -> 400;
            case OUTSIDE -> 403;
            case NOT_FOUND -> 404;
            case TOO_LARGE -> 413;
            case CONFLICT -> 409;
            case NO_ROOM -> 507;
        };
        return new Problem(status, rejection.code(), String.valueOf(rejection.getMessage()), rejection);
    }

    Problem header(String name, String value) {
        headers.put(name, value);
        return this;
    }

    /** Adds a member to the answer, such as {@code sagaId}. */
    Problem with(String name, Object value) {
        members.put(name, value);
        return this;
    }

    boolean isType(String code) {
        return type.equals(code);
    }

    int status() {
        return status;
    }

    Reply reply() {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("type", "urn:streaming-saga:" + type);
        body.put("title", TITLES.getOrDefault(status, "Refused"));
        body.put("status", status);
        body.put("detail", getMessage());
        body.putAll(members);
        Reply reply = Reply.json(status, body).header("Content-Type", "application/problem+json");
        headers.forEach(reply::header);
        return reply;
    }
}
