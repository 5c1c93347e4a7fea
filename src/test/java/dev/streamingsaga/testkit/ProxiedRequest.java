package dev.streamingsaga.testkit;

import java.util.Arrays;
import java.util.function.Predicate;

/**
 * One request that reached a {@link FaultProxy}, and what became of it so far.
 *
 * @param path decoded, beginning with a slash
 * @param query as sent, empty if there is none
 * @param upstreamStatus what the server behind the proxy answered; 0: it has not, or was never asked
 * @param status what the client was answered; 0: nothing, or not yet
 * @param fault the behaviour of the rule that took the request, or {@code broken: …} if a connection broke unasked;
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
