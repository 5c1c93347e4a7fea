package dev.streamingsaga.api;

import dev.streamingsaga.trace.TraceLink;
import java.io.IOException;
import java.util.HashMap;
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

        Problem missing(String resource) {
            return new Problem(
                    404,
                    "no-" + resource,
                    "there is no " + resource + " " + RequestText.shown(variables.getOrDefault("id", "")) + " here");
        }
    }

    /** @return the variables if the path matches */
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
        return Optional.of(variables);
    }
}
