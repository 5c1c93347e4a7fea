package dev.streamingsaga.api;

import java.util.Locale;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.spi.HeaderFilterStrategy;

/**
 * Accepts only the headers that the API reads, so that no client can set a header that Camel or the saga obeys. Sends
 * all headers that the API sets.
 */
final class ApiHeaderFilter implements HeaderFilterStrategy {
    private static final Set<String> ACCEPTED = Set.of(
            "authorization",
            "content-length",
            "content-type",
            "content-encoding",
            "content-range",
            "transfer-encoding",
            "trailer",
            "content-digest",
            "repr-digest",
            "digest",
            "content-md5",
            "prefer",
            "range",
            "if-range",
            "if-match",
            "if-none-match",
            "origin",
            "host",
            "sec-fetch-site",
            "sec-fetch-mode",
            "sec-fetch-dest");

    @Override
    public boolean applyFilterToCamelHeaders(String name, Object value, Exchange exchange) {
        return name.toLowerCase(Locale.ROOT).startsWith("camel");
    }

    @Override
    public boolean applyFilterToExternalHeaders(String name, Object value, Exchange exchange) {
        return !ACCEPTED.contains(name.toLowerCase(Locale.ROOT));
    }
}
