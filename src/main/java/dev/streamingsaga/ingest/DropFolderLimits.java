package dev.streamingsaga.ingest;

import dev.streamingsaga.config.EndpointConfig.Drop;
import dev.streamingsaga.config.EndpointConfig.DropLimits;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.source.DocumentSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Limits for files in the drop folder, however they are ingested: they also apply to a saga that the recovery resumes.
 */
final class DropFolderLimits {
    private final Drop drop;
    private final DocumentContent content;

    DropFolderLimits(Drop drop, DocumentContent content) {
        this.drop = drop;
        this.content = content;
    }

    /** Whether the file is in the drop folder. */
    boolean apply(Path source) {
        return drop.dir().filter(dir -> source.startsWith(real(dir))).isPresent();
    }

    private static Path real(Path dir) {
        try {
            return dir.toRealPath();
        } catch (IOException e) {
            return dir; // the folder does not exist, so no file is in it
        }
    }

    /**
     * @param real where the file is now
     * @throws SagaException FILE_TOO_LARGE; FILE_NOT_READABLE if its type is not allowed, or it was replaced by a link
     */
    void check(Path source, Path real, SourceIdentity identity) {
        if (!apply(source)) {
            return;
        }
        DropLimits limits = drop.limits();
        if (!real.equals(source)) {
            throw new SagaException(
                    Reason.FILE_NOT_READABLE, source + " is reached through a symbolic link; nothing was read");
        }
        if (identity.sizeBytes() > limits.maxSizeBytes()) {
            throw new SagaException(
                    Reason.FILE_TOO_LARGE,
                    source + " has " + identity.sizeBytes() + " bytes, saga.drop.max-size allows "
                            + limits.maxSizeBytes() + "; nothing was written");
        }
        if (!limits.types().isEmpty() && !isAllowed(source)) {
            throw new SagaException(
                    Reason.FILE_NOT_READABLE,
                    source + " is " + content.contentType(DocumentSource.of(source)) + ", saga.drop.types allows "
                            + String.join(", ", limits.types()) + "; nothing was written");
        }
    }

    private boolean isAllowed(Path source) {
        String name = String.valueOf(source.getFileName()).toLowerCase(Locale.ROOT);
        String type = content.contentType(DocumentSource.of(source));
        return drop.limits().types().stream()
                .anyMatch(allowed -> allowed.startsWith(".")
                        ? name.endsWith(allowed)
                        : allowed.endsWith("/*")
                                ? type.startsWith(allowed.substring(0, allowed.length() - 1))
                                : type.equals(allowed));
    }
}
