package dev.streamingsaga.ingest;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.SagaRecord;
import java.io.File;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.apache.camel.WrappedFile;
import org.jspecify.annotations.Nullable;

/** Converts the body of a call to a path, and a saga's source to description people see. */
public final class SourcePaths {
    /** The longest path on the supported systems. */
    private static final int MAX_PATH_CHARS = 4096;

    private SourcePaths() {}

    /** The path that the body of a call names; a path that cannot exist if the body names none. */
    public static Path of(@Nullable Object requested) {
        // The body of a file: consumer, whose toString() is not a path.
        Object body = requested instanceof WrappedFile<?> wrapped ? wrapped.getFile() : requested;
        try {
            if (body instanceof String text && text.length() <= MAX_PATH_CHARS) {
                return real(Path.of(text));
            }
            return body instanceof Path p ? real(p) : body instanceof File f ? real(f.toPath()) : noPath(body);
        } catch (InvalidPathException e) {
            return noPath(e.getInput(), e.getReason());
        }
    }

    /** The body is probably the document itself, whose content must not become a name. */
    private static Path noPath(@Nullable Object body) {
        String description = body instanceof String text
                ? "text of " + text.length() + " characters"
                : body == null ? "nothing" : body.getClass().getSimpleName();
        return noPath(
                description,
                "the body must name a file, as Path, File or String of " + MAX_PATH_CHARS + " characters at most");
    }

    /** A path that no file can have, in printable characters; the saga reports it as an outcome. */
    private static Path noPath(String description, String problem) {
        return Path.of(description.replaceAll("[^\\x20-\\x7e]", "?") + " (no path: " + problem + ")")
                .toAbsolutePath();
    }

    static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }

    /** What people see as a saga's file: its path, or for a body in one of our spools the name from its sender. */
    public static String shown(SagaConfig config, SagaRecord saga) {
        // A process of an older version on the same journal does not record the sender.
        return saga.sender().isPresent() || isUpload(config, saga.source())
                ? saga.fileName()
                : saga.source().toString();
    }

    /** Whether the file was received over HTTP or as a message, so that its path is internal. */
    static boolean isUpload(SagaConfig config, Path file) {
        return file.startsWith(real(config.uploads())) || file.startsWith(real(config.messages()));
    }
}
