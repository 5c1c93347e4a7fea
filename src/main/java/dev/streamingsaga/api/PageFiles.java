package dev.streamingsaga.api;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The files of the page, from the class path. They may load content from this server only, and cannot be framed. */
final class PageFiles {
    private static final Map<String, String> TYPES = Map.of(
            "html",
            "text/html; charset=utf-8",
            "css",
            "text/css; charset=utf-8",
            "js",
            "text/javascript; charset=utf-8",
            "svg",
            "image/svg+xml",
            "txt",
            "text/plain; charset=utf-8");

    /** File names by path. */
    static final Map<String, String> FILES = Stream.concat(
                    Stream.of(Map.entry("/", "index.html")),
                    Stream.of(
                                    "page.css",
                                    "icon.svg",
                                    "page.js",
                                    "actions.js",
                                    "api.js",
                                    "bar.js",
                                    "bulk.js",
                                    "chart.js",
                                    "chunks.js",
                                    "cleanups.js",
                                    "dom.js",
                                    "filters.js",
                                    "format.js",
                                    "live.js",
                                    "resumable.js",
                                    "saga.js",
                                    "sagas.js",
                                    "search.js",
                                    "tus.LICENSE.txt",
                                    "tus.min.js",
                                    "uploads.js")
                            .map(file -> Map.entry("/" + file, file)))
            .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));

    private static final String POLICY =
            "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    private PageFiles() {}

    static Reply file(Operation.ApiRequest request, String path) throws IOException {
        Query.of(request.call());
        String file = FILES.getOrDefault(path, "");
        try (InputStream bytes = PageFiles.class.getResourceAsStream("/dev/streamingsaga/page/" + file)) {
            if (bytes == null || file.isEmpty()) {
                throw new Problem(404, "no-page", "there is no " + path + " here");
            }
            return Reply.bytes(
                            200,
                            TYPES.getOrDefault(file.substring(file.lastIndexOf('.') + 1), ""),
                            bytes.readAllBytes())
                    .header("Cache-Control", "no-cache")
                    .header("Content-Security-Policy", POLICY);
        }
    }

    static Reply openApi(Operation.ApiRequest request) throws IOException {
        Query.of(request.call());
        try (InputStream bytes = PageFiles.class.getResourceAsStream("openapi.json")) {
            return Reply.bytes(
                    200,
                    "application/json",
                    java.util.Objects.requireNonNull(bytes, "openapi.json").readAllBytes());
        }
    }
}
