package dev.streamingsaga.recovery;

import dev.streamingsaga.digest.Digests;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.source.DocumentSource;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a completed document: its verified chunks, of which those come from the original that it still has. The
 * original is where it was or where the drop folder moved it; it is located once, on first use.
 */
final class TextSource {
    private static final int BUFFER_BYTES = 256 * 1024;

    private final StorageAccess storage;
    private final SagaRecord saga;
    private final Document document;

    @SuppressWarnings("NullableOptional") // null: not read yet; empty: missing or changed
    private @Nullable Optional<Document> original;

    private boolean readable;

    /** @param saga has a document */
    TextSource(StorageAccess storage, SagaRecord saga) {
        this.storage = storage;
        this.saga = saga;
        this.document = saga.document().orElseThrow();
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

    /** The run in which stores read the document. */
    RepairRun run() {
        return new RepairRun(storage.journal(), saga, original().orElse(document));
    }

    DocumentSource bytes() {
        return storage.source(run());
    }

    /**
     * Reads the whole document, once, unless its original is there.
     *
     * @throws SagaException if neither the original nor the bucket still has the bytes
     * @throws IOException if the bytes cannot be opened
     */
    void requireReadable() throws IOException {
        if (readable || original().isPresent()) {
            return;
        }
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        try (SeekableByteChannel bytes = bytes().open()) {
            while (bytes.read(buffer.clear()) >= 0) {
                // Each chunk is compared with its SHA-256 when its first byte is read.
            }
        }
        readable = true;
    }
}
