package dev.streamingsaga.lra;

import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the coordinator answered.
 *
 * @param headers by name, in any letter case
 */
public record CoordinatorResponse(int statusCode, Map<String, List<String>> headers, String body) {
    public CoordinatorResponse {
        Map<String, List<String>> anyCase = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        anyCase.putAll(headers);
        headers = anyCase;
    }

    static CoordinatorResponse of(HttpResponse<String> response) {
        return new CoordinatorResponse(response.statusCode(), response.headers().map(), response.body());
    }

    /** The first value of a header. */
    Optional<String> header(String name) {
        return headers.getOrDefault(name, List.of()).stream().findFirst();
    }
}
