package dev.streamingsaga.intake;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.streamingsaga.annotation.PublicApi;
import dev.streamingsaga.intake.DocumentRefusedException.Kind;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Resolves a claim check: a text message that names a file instead of carrying it. Registered as the bean
 * {@code <name>-claim-check}, so that a YAML route can use it with any broker: it takes the message body and returns
 * the file, which the route sends to {@code direct:<name>-ingest}.
 */
@PublicApi
public final class ClaimCheck {
    public static final int MAX_CHARS = 64 * 1024;

    private static final ObjectReader JSON = new ObjectMapper()
            .readerFor(FileReference.class)
            .with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .with(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private final String key;
    private final List<Path> roots;

    /**
     * @param key the setting that names the roots
     * @param roots folders from which files are accepted; if empty, every file is rejected
     */
    public ClaimCheck(String key, List<Path> roots) {
        this.key = key;
        this.roots = List.copyOf(roots);
    }

    private record FileReference(
            @Nullable String path, @Nullable String uri) {}

    /**
     * @param message {@code {"path": "/absolute/path"}} or {@code {"uri": "file:///absolute/path"}}, and nothing else
     * @return the real path of a regular file inside the roots, free of links
     * @throws DocumentRefusedException if the message is anything else; redelivery does not help
     */
    public Path file(@Nullable String message) throws IOException {
        if (roots.isEmpty()) {
            throw new DocumentRefusedException(
                    Kind.OUTSIDE, "no-roots", "files of this machine are not accepted, since " + key + " is empty");
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
                    "a text message must be {\"path\": \"/absolute/path\"} with at most " + MAX_CHARS + " characters");
        }
        try {
            FileReference reference = JSON.readValue(message);
            if (reference != null && reference.path() != null && reference.uri() == null) {
                return reference.path();
            }
            if (reference != null && reference.uri() != null && reference.path() == null) {
                return Path.of(URI.create(reference.uri())).toString();
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
