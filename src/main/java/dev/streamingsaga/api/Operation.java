package dev.streamingsaga.api;

import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.trace.TraceLink;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One operation of the API.
 *
 * @param path path template with variables such as <code>{name}</code>
 * @param scopes the caller needs one of them; empty: open to everybody
 */
record Operation(String method, String path, Set<Scope> scopes, OperationHandler handler) {
    /** No variable has such a value: the path would be another one without its dot segments (RFC 3986, 5.2.4). */
    private static final Set<String> NO_VALUES = Set.of("", ".", "..");

    @FunctionalInterface
    interface OperationHandler {
        Reply handle(ApiRequest request) throws IOException, InterruptedException;
    }

    /**
     * @param variables decoded path variables
     * @param trace the trace of the request
     */
    record ApiRequest(HttpCall call, Caller caller, Map<String, String> variables, TraceLink trace) {
        /**
         * Returns the path variable {@code id}.
         *
         * @throws Problem 404 if it does not have the form of an id
         */
        String id(String resource) {
            String id = variables.getOrDefault("id", "");
            if (!id.matches("[0-9a-z]{1,64}")) {
                throw missing(resource);
            }
            return id;
        }

        /** The facade for the caller: in its name, over the documents that exist for it. */
        SagaOperator as(SagaOperator operator) {
            return operator.as(caller.access());
        }

        Problem missing(String resource) {
            return new Problem(
                    404,
                    "no-" + resource,
                    "there is no " + resource + " " + RequestText.shown(variables.getOrDefault("id", "")) + " here");
        }
    }

    static Operation get(String path, Set<Scope> scopes, OperationHandler handler) {
        return new Operation("GET", path, scopes, handler);
    }

    static Operation put(String path, Set<Scope> scopes, OperationHandler handler) {
        return new Operation("PUT", path, scopes, handler);
    }

    static Operation head(String path, Set<Scope> scopes, OperationHandler handler) {
        return new Operation("HEAD", path, scopes, handler);
    }

    static Operation patch(String path, Set<Scope> scopes, OperationHandler handler) {
        return new Operation("PATCH", path, scopes, handler);
    }

    static Operation delete(String path, Set<Scope> scopes, OperationHandler handler) {
        return new Operation("DELETE", path, scopes, handler);
    }

    static Operation options(String path, Set<Scope> scopes, OperationHandler handler) {
        return new Operation("OPTIONS", path, scopes, handler);
    }

    static Operation post(String path, Set<Scope> scopes, OperationHandler handler) {
        return new Operation("POST", path, scopes, handler);
    }

    /** The methods of requests for this operation: HEAD is answered as GET, without the body. */
    List<String> methods() {
        return method.equals("GET") ? List.of("GET", "HEAD") : List.of(method);
    }

    /**
     * Compares the path as sent: a server may compare it without dot segments, or ignore slashes.
     *
     * @param requested the path as sent, percent-encoded
     * @return the decoded variables if the path matches
     * @throws Problem 400 if a variable is not percent-encoded UTF-8
     */
    Optional<Map<String, String>> match(String requested) {
        String[] template = path.split("/", -1);
        String[] segments = requested.split("/", -1);
        if (template.length != segments.length) {
            return Optional.empty();
        }
        Map<String, String> variables = new HashMap<>();
        for (int i = 0; i < template.length; i++) {
            if (template[i].startsWith("{")) {
                variables.put(template[i].substring(1, template[i].length() - 1), segments[i]);
            } else if (!template[i].equals(segments[i])) {
                return Optional.empty();
            }
        }
        variables.replaceAll((name, value) -> RequestText.decoded(value));
        return variables.values().stream().anyMatch(NO_VALUES::contains) ? Optional.empty() : Optional.of(variables);
    }
}
