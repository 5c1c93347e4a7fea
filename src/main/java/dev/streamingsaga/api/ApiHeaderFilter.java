package dev.streamingsaga.api;

import java.util.Locale;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.spi.HeaderFilterStrategy;

/**
 * Lets in the few headers that the API reads, and nothing that Camel or the saga would obey; lets out what the API
 * sets.
 */
final class ApiHeaderFilter implements HeaderFilterStrategy {
    private static final Set<String> READ = Set.of(
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
        return !READ.contains(name.toLowerCase(Locale.ROOT));
    }
}
