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
 * The bytes of a completed document: the original, moved by the drop folder or not, if every byte of it is still what
 * the journal says, else a copy from the bucket, every byte checked. Each is looked for once, at first need; the copy
 * goes with {@link #close}.
 */
final class TextSource implements AutoCloseable {
    private final StorageAccess holdings;
    private final Document document;

    @SuppressWarnings("NullableOptional") // null: not read yet; empty: read, and no longer the document
    private @Nullable Optional<Document> original;

    private @Nullable Path copy;
    private @Nullable SagaException unfetchable;

    TextSource(StorageAccess holdings, Document document) {
        this.holdings = holdings;
        this.document = document;
    }

    /** Reads the whole original; a file that was only touched still counts. */
    Optional<Document> original() {
        Optional<Document> known = original;
        if (known == null) {
            known = locate();
            original = known;
        }
        return known;
    }

    private Optional<Document> locate() {
        return holdings.originals().apply(document).stream()
                .flatMap(place -> locate(place).stream())
                .findFirst();
    }

    private Optional<Document> locate(Path place) {
        try {
            SourceIdentity identity = SourceFile.identity(place);
            if (identity.sizeBytes() != document.sizeBytes()) {
                return Optional.empty();
            }
            Digests now = SourceFile.digest(place, identity, document.chunkSizeBytes(), done -> {}, () -> {});
            return now.sha256().equals(document.sha256())
                    ? Optional.of(document.withPath(place).withIdentity(identity))
                    : Optional.empty();
        } catch (SagaException e) {
            return Optional.empty(); // gone, unreadable or changed: whichever, it is no source of truth any more
        }
    }

    /** @throws SagaException if neither the original nor the bucket has the bytes any more */
    Document readable() {
        Optional<Document> file = original();
        if (file.isPresent()) {
            return file.get();
        }
        SagaException before = unfetchable;
        if (before != null) {
            throw before;
        }
        Path known = copy;
        if (known == null) {
            try {
                known = fetch();
            } catch (SagaException e) {
                unfetchable = e;
                throw e;
            }
            copy = known;
        }
        return document.withPath(known);
    }

    /** What happened to the original while it was read makes what was read worthless. */
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
        // Swept at the next start, should this process be killed.
        Path folder = holdings.config().dataDir().resolve("spool").resolve("tmp");
        Path target = folder.resolve("repair-" + document.sagaId() + "-" + Ids.next());
        try {
            Permissions.folder(folder);
            FetchResult fetched = new ChunkStore(holdings.config(), holdings.s3())
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
