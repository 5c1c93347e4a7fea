package dev.streamingsaga.testkit;

import java.util.Arrays;
import java.util.function.Predicate;

/**
 * A request to a {@link FaultProxy} with its result so far.
 *
 * @param path decoded, starting with a slash
 * @param query as sent, empty if there is none
 * @param upstreamStatus status code of the server behind the proxy; 0: no response yet, or the request was not
 *     forwarded
 * @param status status code that the client received; 0: none, or not yet
 * @param fault the behaviour of the rule that was applied, or {@code broken: …} if a connection broke without a rule;
 *     else empty
 */
public record ProxiedRequest(String method, String path, String query, int upstreamStatus, int status, String fault) {
    static ProxiedRequest arrived(HttpHead head) {
        return new ProxiedRequest(head.method(), head.path(), head.query(), 0, 0, "");
    }

    ProxiedRequest withUpstreamStatus(int answered) {
        return new ProxiedRequest(method, path, query, answered, status, fault);
    }

    ProxiedRequest withStatus(int answered) {
        return new ProxiedRequest(method, path, query, upstreamStatus, answered, fault);
    }

    ProxiedRequest withFault(String name) {
        return new ProxiedRequest(method, path, query, upstreamStatus, status, name);
    }

    public static Predicate<ProxiedRequest> anyRequest() {
        return request -> true;
    }

    public static Predicate<ProxiedRequest> method(String method) {
        return request -> request.method.equals(method);
    }

    public static Predicate<ProxiedRequest> keyEndsWith(String end) {
        return request -> request.path.endsWith(end);
    }

    public static Predicate<ProxiedRequest> keyContains(String part) {
        return request -> request.path.contains(part);
    }

    /**
     * Whether the query has this parameter, with any value or none: {@code partNumber}, {@code uploads},
     * {@code list-type}.
     */
    public static Predicate<ProxiedRequest> hasQuery(String parameter) {
        return request ->
                Arrays.stream(request.query.split("&")).anyMatch(pair -> pair.split("=", 2)[0].equals(parameter));
    }
}
