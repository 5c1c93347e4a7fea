package dev.streamingsaga.intake;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.streamingsaga.intake.DocumentRefusedException.Kind;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A text message that names a file instead of being one. Bean {@code <name>-claim-check}, for messages of whatever
 * broker a route in YAML listens to: the message as body in, the file out, to be sent to {@code direct:<name>-ingest}.
 */
public final class ClaimCheck {
    public static final int MAX_CHARS = 64 * 1024;

    private static final ObjectReader JSON = new ObjectMapper()
            .readerFor(Named.class)
            .with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .with(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private final String key;
    private final List<Path> roots;

    /** @param key the setting that names the roots; none: no file is taken */
    public ClaimCheck(String key, List<Path> roots) {
        this.key = key;
        this.roots = List.copyOf(roots);
    }

    private record Named(@Nullable String path, @Nullable String uri) {}

    /**
     * @param message {@code {"path": "/absolute/path"}} or {@code {"uri": "file:///absolute/path"}}, and nothing else
     * @return the real path of a regular file inside the roots, free of links
     * @throws DocumentRefusedException if it is anything else: no repetition makes it understood
     */
    public Path file(@Nullable String message) throws IOException {
        if (roots.isEmpty()) {
            throw new DocumentRefusedException(
                    Kind.OUTSIDE, "no-roots", "files of this machine are not taken, since " + key + " is empty");
        }
        return new PathRoots(key, roots).resolve(path(message));
    }

    private static String path(@Nullable String message) {
        if (message == null) {
            throw malformed(null);
        }
        if (message.length() > MAX_CHARS) {
            throw new DocumentRefusedException(
                    Kind.TOO_LARGE,
                    "bad-json",
                    "a text message must be {\"path\": \"/absolute/path\"}, of " + MAX_CHARS + " characters at most");
        }
        try {
            Named named = JSON.readValue(message);
            if (named != null && named.path() != null && named.uri() == null) {
                return named.path();
            }
            if (named != null && named.uri() != null && named.path() == null) {
                return Path.of(URI.create(named.uri())).toString();
            }
        } catch (JacksonException | IllegalArgumentException | FileSystemNotFoundException e) {
            throw malformed(e);
        }
        throw malformed(null);
    }

    private static DocumentRefusedException malformed(@Nullable Exception cause) {
        return new DocumentRefusedException(
                Kind.MALFORMED,
                "bad-json",
                "a text message must be {\"path\": \"/absolute/path\"} or {\"uri\": \"file:///absolute/path\"}",
                cause);
    }
}
