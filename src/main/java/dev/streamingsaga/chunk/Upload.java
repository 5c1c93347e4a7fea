package dev.streamingsaga.chunk;

import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.source.SourceFile;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.camel.Exchange;

/** What all chunks of one upload share; thread-safe. */
final class Upload {
    private static final String PROPERTY = "SagaUpload";

    private final Run run;
    private final Document document;
    private final boolean earlierDigests;
    private final AtomicLong storedBytes = new AtomicLong();
    private final AtomicReference<RuntimeException> failure = new AtomicReference<>();

    /** @param earlierDigests the digests were taken by an earlier run, and nobody has read the source since */
    Upload(Run run, boolean earlierDigests) {
        this.run = run;
        this.earlierDigests = earlierDigests;
        this.document = run.document();
    }

    static Upload of(Exchange exchange) {
        return exchange.getProperty(PROPERTY, Upload.class);
    }

    void attach(Exchange exchange) {
        exchange.setProperty(PROPERTY, this);
    }

    Run run() {
        return run;
    }

    Document document() {
        return document;
    }

    /** @throws SagaException HASH_MISMATCH if the source no longer holds what an earlier run sent of it */
    void requireUnchanged(ChunkRow row) {
        if (earlierDigests) {
            SourceFile.checkPart(document.path(), row.offset(), row.sizeBytes(), row.sha256(), run::check);
        }
    }

    void stored(ChunkRow row) {
        run.progress("upload", storedBytes.addAndGet(row.sizeBytes()), document.sizeBytes(), "bytes");
    }

    /** One chunk has failed for good: the others need not begin another attempt. */
    void fail(RuntimeException why) {
        failure.compareAndSet(null, why);
    }

    /** Throws why the first chunk failed: whichever of them the saga hears of first, it hears the reason. */
    void checkGoesOn() {
        RuntimeException why = failure.get();
        if (why != null) {
            throw why;
        }
    }
}
