package dev.streamingsaga.api;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/** The page: a few files of the class path and nothing else. They may load from here only, and be framed by nobody. */
final class PageFiles {
    /** Paths, and the file and type behind each. */
    static final Map<String, String[]> FILES = Map.of(
            "/", new String[] {"index.html", "text/html; charset=utf-8"},
            "/page.js", new String[] {"page.js", "text/javascript; charset=utf-8"},
            "/page.css", new String[] {"page.css", "text/css; charset=utf-8"});

    private static final String POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    private PageFiles() {}

    static Reply file(Operation.Request request, String path) throws IOException {
        Query.of(request.call());
        String[] file = FILES.getOrDefault(path, new String[] {"", ""});
        try (InputStream bytes = PageFiles.class.getResourceAsStream("/dev/streamingsaga/page/" + file[0])) {
            if (bytes == null || file[0].isEmpty()) {
                throw new Problem(404, "no-page", "there is no " + path + " here");
            }
            return Reply.bytes(200, file[1], bytes.readAllBytes()).header("Cache-Control", "no-cache")
                    .header("Content-Security-Policy", POLICY);
        }
    }

    static Reply openApi(Operation.Request request) throws IOException {
        Query.of(request.call());
        try (InputStream bytes = PageFiles.class.getResourceAsStream("openapi.json")) {
            return Reply.bytes(200, "application/json", java.util.Objects.requireNonNull(bytes, "openapi.json").readAllBytes());
        }
    }
}
