package dev.streamingsaga.extractor;

import dev.streamingsaga.outage.HostUnavailableException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Tells a disk without space for temporary files from a damaged document. */
final class TemporarySpace {
    private static final int TRIAL_BYTES = 256 * 1024;
    private static final int MAX_CAUSES = 32;
    private static final Set<String> FULL = messages();

    private TemporarySpace() {}

    /** As Java passes them on from the operating system, which may translate them. */
    private static Set<String> messages() {
        Set<String> messages = new LinkedHashSet<>(Set.of(
                "No space left on device",
                "Disk quota exceeded",
                "File too large",
                "There is not enough space on the disk"));
        if (Files.exists(Path.of("/dev/full"))) {
            try (FileOutputStream full = new FileOutputStream("/dev/full")) {
                full.write(1);
            } catch (IOException e) {
                messages.add(String.valueOf(e.getMessage()));
            }
        }
        return messages;
    }

    /** Whether a write failed because of a full disk, a quota, or a limit for the size of a file. */
    static boolean isMissing(Throwable failure) {
        return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
                .limit(MAX_CAUSES)
                .anyMatch(cause -> cause instanceof IOException io && isFull(io));
    }

    /** Messages of parsers may quote the document; those of Java's own classes do not. */
    private static boolean isFull(IOException failure) {
        @Nullable
        String message = failure instanceof FileSystemException file ? file.getReason() : failure.getMessage();
        StackTraceElement[] stack = failure.getStackTrace();
        String thrower = stack.length == 0 ? "" : stack[0].getClassName();
        return message != null && FULL.contains(message) && (thrower.startsWith("java.") || thrower.startsWith("sun."));
    }

    static HostUnavailableException unavailable(Throwable failure) {
        return new HostUnavailableException(
                "there is no space for the temporary files of a document (saga.data.dir/spool/content); free some",
                failure);
    }

    /** @throws HostUnavailableException if a temporary file cannot be written */
    static void requireWritable(Path folder) {
        problem(folder).ifPresent(failure -> {
            throw unavailable(failure);
        });
    }

    private static Optional<IOException> problem(Path folder) {
        Path trial = folder.resolve("trial-" + UUID.randomUUID());
        try {
            try {
                Files.write(trial, new byte[TRIAL_BYTES]);
            } finally {
                Files.deleteIfExists(trial);
            }
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(e);
        }
    }
}
