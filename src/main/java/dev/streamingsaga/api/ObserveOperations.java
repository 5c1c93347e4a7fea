package dev.streamingsaga.api;

import dev.streamingsaga.api.Operation.Request;
import dev.streamingsaga.observe.Health;
import dev.streamingsaga.observe.Observation;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** What monitoring asks: metrics and health. */
final class ObserveOperations {
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    private final Observation observation;
    private final AccessControl gate;

    ObserveOperations(Observation observation, AccessControl gate) {
        this.observation = observation;
        this.gate = gate;
    }

    Reply metrics(Request request) {
        Query.of(request.call());
        String text = observation
                .scrape()
                .orElseThrow(() -> new Problem(
                        404,
                        "no-metrics",
                        "the metrics are in a registry of the application around us,"
                                + " or the libraries micrometer-core and micrometer-registry-prometheus are missing"));
        return Reply.bytes(200, PROMETHEUS, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Why something is down is told only to those who may read. */
    Reply health(Request request) {
        Query.of(request.call());
        Health.HealthReport report = observation.health();
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("status", word(report.up()));
        if (gate.hasScope(request.call(), Scope.READ)) {
            Map<String, Object> parts = new LinkedHashMap<>();
            report.parts()
                    .forEach(part -> parts.put(
                            part.part(),
                            part.up()
                                    ? Map.of("status", word(true))
                                    : Map.of("status", word(false), "detail", part.detail())));
            body.put("parts", parts);
        }
        return Reply.json(report.up() ? 200 : 503, body);
    }

    /** The process answers: nothing else is asked. */
    Reply live(Request request) {
        Query.of(request.call());
        return Reply.json(200, Map.of("status", word(true)));
    }

    private static String word(boolean up) {
        return up ? "UP" : "DOWN";
    }
}
