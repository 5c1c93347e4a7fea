package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.sealing.Sealing;
import dev.streamingsaga.source.DocumentSource;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.List;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Opens documents whose chunks the step {@code verify} has confirmed. Every byte is compared with the SHA-256 of its
 * chunk before it is returned, so it does not matter whether the original still exists. Thread-safe.
 */
public final class VerifiedSources {
    private static final long CACHE_BYTES = 256L * 1024 * 1024;

    private final SagaConfig config;
    private final S3Client s3;
    private final Sealing sealing;

    /** @param s3 closed by the caller */
    public VerifiedSources(SagaConfig config, S3Client s3, Sealing sealing) {
        this.config = config;
        this.s3 = s3;
        this.sealing = sealing;
    }

    /**
     * The document of a run. Its channel throws a {@link dev.streamingsaga.journal.SagaException}: CHUNK_MISSING,
     * CHUNK_CORRUPT or SIZE_MISMATCH if neither the bucket nor the original has the bytes of a chunk, STORE_FAILED if
     * the bucket or the spool folder cannot be used, the reason of the gate if the journal has lost or mixed up chunks,
     * or what {@link Run#check} throws.
     */
    public DocumentSource of(Run run) {
        Document document = run.document();
        return new DocumentSource() {
            @Override
            public String fileName() {
                return document.fileName();
            }

            @Override
            public SeekableByteChannel open() {
                List<ChunkRow> rows = run.chunks();
                VerifyChunks.checkOrder(document, rows);
                ChunkSlots slots = slots(rows);
                return new VerifiedChannel(
                        rows,
                        new VerifiedChunks(
                                new Bucket(s3, document.bucket()),
                                ChunkSealer.of(sealing, document),
                                new OriginalFile(document),
                                slots,
                                run::check));
            }
        };
    }

    /** On the local disk, {@value #CACHE_BYTES} bytes at most, or two chunks if they are larger. */
    private ChunkSlots slots(List<ChunkRow> rows) {
        long largest = rows.stream().mapToLong(ChunkRow::sizeBytes).max().orElse(1);
        Path folder = config.dataDir().resolve("spool").resolve("tmp");
        return new ChunkSlots(folder, largest, (int) Math.max(2, CACHE_BYTES / largest));
    }
}
