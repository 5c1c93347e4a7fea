package dev.streamingsaga.api;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The query parameters. An unknown parameter is rejected, since it is most likely a typing error. */
final class Query {
    private final Map<String, String> values;

    private Query(Map<String, String> values) {
        this.values = values;
    }

    /** @throws Problem 400 if a parameter is unknown, repeated, or cannot be decoded */
    static Query of(HttpCall call, String... known) {
        Map<String, String> values = new HashMap<>();
        for (String pair : call.query().split("&")) {
            int equals = pair.indexOf('=');
            String name = decode(equals < 0 ? pair : pair.substring(0, equals));
            if (name.isEmpty()) {
                continue;
            }
            if (!Set.of(known).contains(name)) {
                throw new Problem(
                        400,
                        "unknown-parameter",
                        "unknown parameter " + RequestText.shown(name) + "; this operation has: "
                                + (known.length == 0 ? "none" : String.join(", ", known)));
            }
            if (values.put(name, equals < 0 ? "" : decode(pair.substring(equals + 1))) != null) {
                throw new Problem(400, "parameter-twice", "the parameter " + name + " was sent twice; send it once");
            }
        }
        return new Query(values);
    }

    private static String decode(String text) {
        return RequestText.decoded(text.replace('+', ' '));
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    /** Returns the encoded parameters with a new value for one of them. */
    String with(String name, String value) {
        Map<String, String> changed = new TreeMap<>(values);
        changed.put(name, value);
        return changed.entrySet().stream()
                .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(values.get(name)).filter(value -> !value.isEmpty());
    }

    int number(String name, int defaultValue, int max) {
        return number(name, defaultValue, 1, max);
    }

    int number(String name, int defaultValue, int min, int max) {
        String value = values.getOrDefault(name, Integer.toString(defaultValue));
        if (!value.matches("[0-9]{1,9}") || Integer.parseInt(value) < min || Integer.parseInt(value) > max) {
            throw new Problem(
                    400,
                    "bad-parameter",
                    name + " must be a number from " + min + " to " + max + ", was " + RequestText.shown(value));
        }
        return Integer.parseInt(value);
    }

    boolean flag(String name) {
        String value = values.getOrDefault(name, "false");
        if (!value.equals("true") && !value.equals("false")) {
            throw new Problem(400, "bad-parameter", name + " must be true or false, was " + RequestText.shown(value));
        }
        return value.equals("true");
    }
}
