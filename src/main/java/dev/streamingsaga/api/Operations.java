package dev.streamingsaga.api;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** All operations of the API, by the id of their route. {@code openapi.json} describes exactly these. */
final class Operations {
    private final Map<String, Operation> byRoute = new LinkedHashMap<>();
    private final Predicate<String> isStarted;

    /** @param isStarted whether the route with this id receives requests */
    Operations(Predicate<String> isStarted) {
        this.isStarted = isStarted;
    }

    void add(String routeId, Operation operation) {
        byRoute.put(routeId, operation);
    }

    /**
     * Returns why no route takes a request: 404 for an unknown path, 405 for an unsupported method, 503 if the route is
     * stopped.
     *
     * @throws Problem 400 if the path is not percent-encoded UTF-8
     */
    Problem refusal(String method, String path) {
        Map<String, String> routes = new TreeMap<>();
        byRoute.forEach((routeId, operation) -> {
            if (operation.match(path).isPresent()) {
                operation.methods().forEach(supported -> routes.put(supported, routeId));
            }
        });
        String shown = RequestText.shown(path);
        if (routes.isEmpty()) {
            return new Problem(404, "no-resource", "there is nothing at " + shown + "; see /api/openapi.json");
        }
        String routeId = routes.get(method);
        if (routeId == null) {
            String allowed = String.join(", ", routes.keySet());
            return new Problem(
                            405,
                            "wrong-method",
                            shown + " does not support " + RequestText.shown(method) + ", only " + allowed)
                    .header("Allow", allowed);
        }
        String state = isStarted.test(routeId) ? "is being started" : "is stopped";
        return new Problem(503, "route-stopped", "the route " + routeId + " " + state + "; nothing was done, try later")
                .header("Retry-After", "5");
    }
}
