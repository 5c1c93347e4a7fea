package dev.streamingsaga.api;

import dev.streamingsaga.trace.TraceLink;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One thing that the API can do.
 *
 * @param path with variables as <code>{name}</code>
 * @param scopes any of them will do; none: open to everybody
 */
record Operation(String method, String path, Set<Scope> scopes, Handler handler) {

    @FunctionalInterface
    interface Handler {
        Reply handle(Request request) throws IOException, InterruptedException;
    }

    /**
     * @param variables of the path, decoded
     * @param trace that the request is in
     */
    record Request(HttpCall call, Caller caller, Map<String, String> variables, TraceLink trace) {
        /**
         * A variable that is an id of ours.
         *
         * @throws Problem 404 if it does not even look like one
         */
        String id(String what) {
            String id = variables.getOrDefault("id", "");
            if (!id.matches("[0-9a-z]{1,64}")) {
                throw missing(what);
            }
            return id;
        }

        Problem missing(String what) {
            return new Problem(
                    404,
                    "no-" + what,
                    "there is no " + what + " " + RequestText.shown(variables.getOrDefault("id", "")) + " here");
        }
    }

    /** @return the variables if the path fits */
    Optional<Map<String, String>> match(String requested) {
        String[] wanted = path.split("/", -1);
        String[] given = requested.split("/", -1);
        if (wanted.length != given.length) {
            return Optional.empty();
        }
        Map<String, String> variables = new HashMap<>();
        for (int i = 0; i < wanted.length; i++) {
            if (wanted[i].startsWith("{")) {
                variables.put(wanted[i].substring(1, wanted[i].length() - 1), given[i]);
            } else if (!wanted[i].equals(given[i])) {
                return Optional.empty();
            }
        }
        variables.replaceAll((name, value) -> RequestText.decoded(value));
        return Optional.of(variables);
    }
}
