package dev.streamingsaga.api;

import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.observe.Health;
import dev.streamingsaga.observe.Observation;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The operations for monitoring: metrics and health. */
final class ObserveOperations {
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    private final Observation observation;
    private final AccessControl gate;

    ObserveOperations(Observation observation, AccessControl gate) {
        this.observation = observation;
        this.gate = gate;
    }

    Reply metrics(ApiRequest request) {
        Query.of(request.call());
        if (!request.caller().limit().isUnlimited()) {
            throw new Problem(
                    403,
                    "limited-access",
                    "metrics count documents of every owner and classification, which these credentials do not"
                            + " permit; use a key without --owners and --max-classification");
        }
        String text = observation
                .scrape()
                .orElseThrow(() -> new Problem(
                        404,
                        "no-metrics",
                        "there is no Prometheus registry here: either the hub has a meter registry of its own,"
                                + " or the libraries micrometer-core and micrometer-registry-prometheus are missing"));
        return Reply.bytes(200, PROMETHEUS, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Only callers with the scope read see the parts and why one is down. */
    Reply health(ApiRequest request) {
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

    /** The process answers. Checks nothing else. */
    Reply live(ApiRequest request) {
        Query.of(request.call());
        return Reply.json(200, Map.of("status", word(true)));
    }

    private static String word(boolean up) {
        return up ? "UP" : "DOWN";
    }
}
