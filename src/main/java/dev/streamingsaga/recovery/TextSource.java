package dev.streamingsaga.recovery;

import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.chunk.FetchResult;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Ids;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.source.Digests;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * The bytes of a completed document: the original file, where it was or where the drop folder moved it, if its SHA-256
 * still matches the journal; otherwise a verified copy from the bucket. Each is located once, on first use.
 * {@link #close} deletes the copy.
 */
final class TextSource implements AutoCloseable {
    private final StorageAccess storage;
    private final Document document;

    @SuppressWarnings("NullableOptional") // null: not read yet; empty: missing or changed
    private @Nullable Optional<Document> original;

    private @Nullable Path copy;
    private @Nullable SagaException fetchFailure;

    TextSource(StorageAccess storage, Document document) {
        this.storage = storage;
        this.document = document;
    }

    /** Reads the whole original; a new modification time alone does not matter. */
    Optional<Document> original() {
        Optional<Document> known = original;
        if (known == null) {
            known = locate();
            original = known;
        }
        return known;
    }

    private Optional<Document> locate() {
        return storage.originals().apply(document).stream()
                .flatMap(path -> locate(path).stream())
                .findFirst();
    }

    private Optional<Document> locate(Path path) {
        try {
            SourceIdentity identity = SourceFile.identity(path);
            if (identity.sizeBytes() != document.sizeBytes()) {
                return Optional.empty();
            }
            Digests now = SourceFile.digest(path, identity, document.chunkSizeBytes(), done -> {}, () -> {});
            return now.sha256().equals(document.sha256())
                    ? Optional.of(document.withPath(path).withIdentity(identity))
                    : Optional.empty();
        } catch (SagaException e) {
            return Optional.empty(); // gone, unreadable or changed: no longer usable as a source
        }
    }

    /** @throws SagaException if neither the original nor the bucket still has the bytes */
    Document readable() {
        Optional<Document> file = original();
        if (file.isPresent()) {
            return file.get();
        }
        SagaException earlier = fetchFailure;
        if (earlier != null) {
            throw earlier;
        }
        Path known = copy;
        if (known == null) {
            try {
                known = fetch();
            } catch (SagaException e) {
                fetchFailure = e;
                throw e;
            }
            copy = known;
        }
        return document.withPath(known);
    }

    /** Whether the original is unchanged since it was located. If not, discard what was read from it. */
    boolean isUntouched() {
        try {
            original().ifPresent(file -> SourceFile.check(file.path(), file.identity()));
            return true;
        } catch (SagaException e) {
            original = Optional.empty();
            return false;
        }
    }

    private Path fetch() {
        // If this process is killed, the next start sweeps the file.
        Path folder = storage.config().dataDir().resolve("spool").resolve("tmp");
        Path target = folder.resolve("repair-" + document.sagaId() + "-" + Ids.next());
        try {
            Permissions.folder(folder);
            FetchResult fetched = new ChunkStore(storage.config(), storage.s3())
                    .in(document.bucket())
                    .fetch(document.keyPrefix(), target);
            if (!fetched.sha256().equals(document.sha256())) {
                Files.deleteIfExists(target);
                throw new SagaException(
                        Reason.HASH_MISMATCH,
                        "the bucket's copy of document " + document.documentId() + " has SHA-256 " + fetched.sha256()
                                + ", the journal says " + document.sha256());
            }
            return target;
        } catch (IOException | SdkException e) {
            throw new SagaException(
                    Reason.STORE_FAILED,
                    "cannot fetch document " + document.documentId() + " into the spool folder: " + e.getMessage(),
                    e);
        }
    }

    @Override
    public void close() {
        Path file = copy;
        copy = null;
        if (file != null) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                throw new UncheckedIOException("cannot remove " + file, e);
            }
        }
    }
}
