package dev.streamingsaga.ingest;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.SagaRecord;
import java.io.File;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.apache.camel.WrappedFile;
import org.jspecify.annotations.Nullable;

/** What a call names as its file, as a path; and what people are shown of it. */
public final class SourcePaths {
    /** As long as a path can be on the systems that we know. */
    private static final int MAX_PATH_CHARS = 4096;

    private SourcePaths() {}

    /** What the body of a call names; a path that can not exist if it names none. */
    public static Path of(@Nullable Object given) {
        // What a file: consumer hands on; its toString() is no path.
        Object body = given instanceof WrappedFile<?> wrapped ? wrapped.getFile() : given;
        try {
            if (body instanceof String text && text.length() <= MAX_PATH_CHARS) {
                return real(Path.of(text));
            }
            return body instanceof Path p ? real(p) : body instanceof File f ? real(f.toPath()) : noPath(body);
        } catch (InvalidPathException e) {
            return noPath(e.getInput(), e.getReason());
        }
    }

    /** A document itself, most likely, which must not become a name. */
    private static Path noPath(@Nullable Object body) {
        String what = body instanceof String text
                ? "text of " + text.length() + " characters"
                : body == null ? "nothing" : body.getClass().getSimpleName();
        return noPath(
                what,
                "the body must name a file, as Path, File or String of " + MAX_PATH_CHARS + " characters at most");
    }

    /** No file can have such a name; the saga says so with an outcome, under a name that can be written down. */
    private static Path noPath(String what, String why) {
        return Path.of(what.replaceAll("[^\\x20-\\x7e]", "?") + " (no path: " + why + ")")
                .toAbsolutePath();
    }

    static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }

    /**
     * What people know a saga's file by: its path, or for a body in one of our spools the name that its sender gave.
     */
    public static String shown(SagaConfig config, SagaRecord saga) {
        // A process of an older version, on the same journal, does not say who sent it.
        return saga.sender().isPresent() || isUpload(config, saga.source())
                ? saga.fileName()
                : saga.source().toString();
    }

    /** Came over HTTP or as a message: where it lies is our business, and of no interest to anybody. */
    static boolean isUpload(SagaConfig config, Path file) {
        return file.startsWith(real(config.uploads())) || file.startsWith(real(config.messages()));
    }
}
