package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.OpenUpload.Tail;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.StoredForm;
import dev.streamingsaga.outage.HostUnavailableException;
import dev.streamingsaga.sealing.DocumentSealing;
import dev.streamingsaga.sealing.ObjectIdentity;
import dev.streamingsaga.sealing.Sealing;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Optional;

/** Makes the stored form of chunks and tails from a part of a file. Thread-safe. */
final class ChunkSealer {
    private final Sealing sealing;
    private final StoredFormMemory memory;
    private final Path folder;

    /** @param folder for what does not fit into memory */
    ChunkSealer(Sealing sealing, StoredFormMemory memory, Path folder) {
        this.sealing = sealing;
        this.memory = memory;
        this.folder = folder;
    }

    /** With memory of its own: one for each application. */
    static ChunkSealer of(SagaConfig config, Sealing sealing) {
        return new ChunkSealer(
                sealing, StoredFormMemory.of(config.documents().chunk().storedAs()), folder(config));
    }

    static ChunkSealer withoutMemory(SagaConfig config, Sealing sealing) {
        return new ChunkSealer(sealing, new StoredFormMemory(0), folder(config));
    }

    private static Path folder(SagaConfig config) {
        return config.dataDir().resolve("spool").resolve("tmp");
    }

    /** A stored form and its bytes. */
    record Sealed(StoredForm form, SealedChunk bytes) {}

    /** As it must be read again: with the number of chunks, unless the body was still arriving when it was written. */
    static DocumentSealing of(Sealing sealing, Document document) {
        return sealing.of(document.documentId(), document.sagaId(), document.chunkCount());
    }

    /**
     * Empty if the chunk is stored as it is.
     *
     * @throws SagaException HASH_MISMATCH if the bytes are no longer those of the row
     * @throws HostUnavailableException if the folder has no room
     * @throws IOException if the source cannot be read
     */
    Optional<Sealed> chunk(Document document, ChunkRow row, FileRegion plain) throws IOException {
        boolean compress = sealing.compresses() && sealing.shrinks(plain.sample());
        if (!compress && !sealing.encrypts()) {
            return Optional.empty();
        }
        DocumentSealing objects = of(sealing, document);
        MessageDigest digest = Sha256.digest();
        Sealed sealed;
        try {
            sealed = write(objects, objects.chunk(row.index(), row.sizeBytes()), compress, plain, digest);
        } catch (SealedChunk.UnwritableException e) {
            throw new HostUnavailableException(
                    "a chunk cannot be compressed or encrypted in " + folder + ": " + e.getMessage()
                            + "; free some space there",
                    e);
        }
        if (!Sha256.hex(digest).equals(row.sha256())) {
            sealed.bytes().close();
            throw modified(document, row.key());
        }
        return Optional.of(sealed);
    }

    /**
     * Empty if the tail is stored as it is.
     *
     * @throws IOException if the part cannot be read, or the folder has no room
     */
    Optional<Sealed> tail(Document document, Tail tail, FileRegion plain) throws IOException {
        if (!sealing.encrypts()) {
            return Optional.empty();
        }
        DocumentSealing objects = of(sealing, document);
        return Optional.of(write(objects, tail(objects, document, tail), false, plain, Sha256.digest()));
    }

    static ObjectIdentity tail(DocumentSealing objects, Document document, Tail tail) {
        return objects.tail((int) (tail.start() / document.chunkSizeBytes()), tail.sizeBytes());
    }

    private Sealed write(
            DocumentSealing objects, ObjectIdentity identity, boolean compress, FileRegion plain, MessageDigest digest)
            throws IOException {
        SealedChunk target = new SealedChunk(memory, folder);
        boolean complete = false;
        try (InputStream bytes = new DigestInputStream(plain.open(), digest)) {
            StoredForm form = objects.seal(identity, compress, bytes, target.out());
            complete = true;
            return new Sealed(form, target);
        } finally {
            if (!complete) {
                target.close();
            }
        }
    }

    private static SagaException modified(Document document, String key) {
        return document.hasFile()
                ? SourceFile.modified(document.path())
                : new SagaException(
                        Reason.HASH_MISMATCH, "the bytes of " + key + " changed on the disk before they were sent");
    }
}
