package dev.streamingsaga.chunk;

import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.camel.Exchange;

/** What all chunks of one upload share; thread-safe. */
final class Upload {
    private static final String PROPERTY = "SagaUpload";

    private final Run run;
    private final Document document;
    private final AtomicLong storedBytes = new AtomicLong();
    private final AtomicBoolean failed = new AtomicBoolean();

    Upload(Run run) {
        this.run = run;
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

    void stored(ChunkRow row) {
        run.progress("upload", storedBytes.addAndGet(row.sizeBytes()), document.sizeBytes(), "bytes");
    }

    /** One chunk has failed for good: the others need not begin another attempt. */
    void fail() {
        failed.set(true);
    }

    void checkGoesOn() {
        if (failed.get()) {
            throw new SagaException(
                    Reason.CANCELLED, "another chunk of saga " + run.sagaId() + " failed for good; nothing more is sent");
        }
    }
}
