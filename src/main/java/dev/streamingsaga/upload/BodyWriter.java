package dev.streamingsaga.upload;

import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.intake.BodyAbortedException;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.intake.UploadSpool;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.source.DocumentSource;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Writes one body to the bucket: hashes the whole, enforces the size limit, cuts it into chunks. Remembers its failure,
 * since the source of the body may wrap or hide it.
 */
final class BodyWriter extends OutputStream {
    private final UploadParts parts;
    private final ActiveRun run;
    private final ChunkSender sender;
    private final ChunkedBody chunks;
    private final long maxBytes;
    private Optional<MessageDigest> whole = Optional.empty();
    private String knownSha256 = "";
    private @Nullable IOException ioFailure;
    private @Nullable RuntimeException rejection;

    /**
     * @param sent chunks before this writer's
     * @param maxBytes limit for the whole body
     */
    BodyWriter(UploadParts parts, ActiveRun run, List<ChunkRow> sent, long maxBytes) {
        this.parts = parts;
        this.run = run;
        this.maxBytes = maxBytes;
        this.sender = new ChunkSender(
                run,
                parts.objects(),
                parts.threads(),
                parts.config().documents().chunk().parallelism());
        this.chunks = new ChunkedBody(run, sender, number -> parts.partOf(run, number), sent, this::recordType);
    }

    void receive(UploadSpool.Body body) throws IOException {
        try {
            body.writeTo(this);
        } catch (IOException | RuntimeException e) {
            if (rejection != null) {
                throw rejection;
            }
            if (ioFailure != null) {
                throw noRoom(ioFailure);
            }
            throw e;
        }
    }

    private static DocumentRefusedException noRoom(IOException cause) {
        // The message of a FileSystemException begins with the path.
        String why = cause instanceof FileSystemException file
                ? Objects.requireNonNullElse(file.getReason(), file.getClass().getSimpleName())
                : String.valueOf(cause.getMessage());
        return new DocumentRefusedException(
                DocumentRefusedException.Kind.NO_ROOM,
                "no-space",
                "the disk has no room for a chunk that arrives (" + why
                        + "); nothing was kept, free some space and send it again",
                cause);
    }

    @Override
    public void write(int single) throws IOException {
        write(new byte[] {(byte) single}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            if (chunks.size() + length > maxBytes) {
                throw tooLarge(maxBytes);
            }
            run.check();
            chunks.write(bytes, offset, length);
        } catch (IOException e) {
            ioFailure = e;
            throw e;
        } catch (RuntimeException e) {
            rejection = e;
            throw e;
        }
        whole.ifPresent(digest -> digest.update(bytes, offset, length));
    }

    static DocumentRefusedException tooLarge(long maxBytes) {
        return new DocumentRefusedException(
                DocumentRefusedException.Kind.TOO_LARGE,
                "too-large",
                "the document has more than " + maxBytes + " bytes (saga.file.max-size); nothing was kept");
    }

    /** Sends the last chunk, and waits until the bucket has confirmed all. */
    void end() throws IOException {
        chunks.end();
        sender.awaitAll();
    }

    /**
     * Waits until no chunk is in flight, then returns the bytes that do not fill a chunk yet; empty if there are none.
     */
    Optional<PartFile> stop() throws IOException {
        sender.awaitIdle();
        return Optional.ofNullable(chunks.takePart());
    }

    /** Writes bytes that an earlier writer has hashed. */
    OutputStream withoutDigest() {
        return chunks;
    }

    long chunkStart() {
        return chunks.chunkStart();
    }

    int chunks() {
        return chunks.chunks();
    }

    long size() {
        return chunks.size();
    }

    /** Hash of all bytes; empty if that of the bytes before this writer's is not known. */
    Optional<MessageDigest> digest() {
        return whole.map(Sha256::copy);
    }

    /** From now on the whole is hashed, of which everything before is in this digest. */
    void setDigest(MessageDigest before) {
        whole = Optional.of(before);
    }

    void setSha256(String known) {
        knownSha256 = known;
    }

    /** Hash of the whole body. */
    String sha256() {
        return whole.map(Sha256::hexSoFar).orElse(knownSha256);
    }

    private void recordType(Path firstChunk) {
        run.setDocument(withType(run.document(), parts.content().contentType(DocumentSource.of(firstChunk))));
    }

    private static Document withType(Document document, String contentType) {
        return UploadDocuments.of(
                document, contentType, document.sizeBytes(), document.sha256(), document.chunkCount());
    }

    /** The document with all its facts, when the body is complete. */
    Document document() {
        return UploadDocuments.of(run.document(), run.document().contentType(), size(), sha256(), chunks.chunks());
    }

    /** Drops what does not fill a chunk yet. Closing does not: a source may close what it has written to. */
    void discard() {
        chunks.discard();
    }

    /** The reason for which a saga is compensated whose body failed like this. */
    static Reason reason(Exception failure) {
        if (failure instanceof SagaException known) {
            return known.reason();
        }
        if (failure instanceof DocumentRefusedException refused) {
            return refused.kind() == DocumentRefusedException.Kind.TOO_LARGE
                    ? Reason.FILE_TOO_LARGE
                    : Reason.STORE_FAILED;
        }
        return failure instanceof BodyAbortedException ? Reason.CLIENT_ABORTED : Reason.CANCELLED;
    }
}
